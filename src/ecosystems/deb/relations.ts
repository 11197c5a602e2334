// Purpose:  read the fields by which packages of dpkg and opkg depend on one another.
// Spec:     Debian Policy 7.1 (syntax of relationship fields) and 7.5 (Provides).
// Input:    a stanza of a status file; hostile.
// Deviates: versions and architectures are left out: dpkg saw to them when it installed the package.
// Unknowns: a part that has no name → passed over.
import type { Relations } from '../resolve-needs.ts'
import type { Stanza } from '../rfc822.ts'

const maxClauses = 5000

export function relationsOf(stanza: Stanza, name: string): Relations {
  const fields = [stanza.get('pre-depends'), stanza.get('depends')]
  return {
    name,
    provides: clausesOf(stanza.get('provides')).flat(),
    needs: fields.flatMap(clausesOf),
  }
}

/** `a (>= 1) | b:any, c [amd64]` → [[a, b], [c]]. */
function clausesOf(field: string | undefined): readonly (readonly string[])[] {
  if (field === undefined || field === '') return []
  return field.split(',', maxClauses).map((clause) =>
    clause.split('|', maxClauses).flatMap((text) => {
      const [name] = /^[a-z0-9][a-z0-9+.-]*/i.exec(text.trim()) ?? []
      return name === undefined ? [] : [name]
    }),
  )
}
