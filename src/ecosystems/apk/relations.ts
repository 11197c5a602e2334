// Purpose:  read by which words packages of apk depend on one another.
// Spec:     apk-package(5), depend and provides: `name`, `so:libc.musl-x86_64.so.1=1`, `cmd:sh`, `/bin/sh`, `!conflict`.
// Input:    a record of the installed database; hostile.
// Deviates: versions are left out: apk saw to them when it installed the package.
// Unknowns: a word that is no need → passed over.
import type { Relations } from '../resolve-needs.ts'
import type { ApkRecord } from './records.ts'

const maxWords = 5000

export function relationsOf({ name, needs, provides }: ApkRecord): Relations {
  return {
    name,
    provides: wordsOf(provides),
    needs: wordsOf(needs).map((word) => [word]),
  }
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/, maxWords).flatMap((word) => {
    // What must not be there is no need; a repository's tag follows an @.
    const [named] = /^[^!<>=~@\s][^<>=~@\s]*/.exec(word) ?? []
    return named === undefined ? [] : [named]
  })
}
