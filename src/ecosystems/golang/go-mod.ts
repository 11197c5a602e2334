// Purpose:  list the modules that a go.mod requires.
// Spec:     Go Modules Reference, "go.mod files": require, replace, lexical elements.
// Input:    bytes of a go.mod from an image; hostile.
// Deviates: the `go` and `toolchain` lines name the least release, not the one that is there: no package `stdlib`.
// Unknowns: a requirement without a version is a problem; a module replaced by a folder is `(devel)`, which has no order.
import type { Extraction, Extractor, InventoryProblem } from '../ecosystem.ts'
import { decodeText } from '../rfc822.ts'
import { declaredModules } from './declared-modules.ts'
import { replacementOf, type ModuleVersion } from './module-list.ts'

export const goMod: Extractor = {
  id: 'go-mod',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: isGoMod,
  packageManager: 'GOMOD',
  extract: extractGoMod,
}

const maxLines = 100_000
const maxProblems = 20

interface Replacement {
  readonly from: string
  /** Absent where every version is replaced. */
  readonly version: string | undefined
  readonly fields: readonly string[]
}

/** A module cache holds the go.mod of everything that was ever looked at: what is in use is told by who uses it. */
function isGoMod(path: string): boolean {
  if (path !== 'go.mod' && !path.endsWith('/go.mod')) return false
  return !/(?:^|\/)(?:pkg\/mod|testdata)\/|@v[0-9]/.test(path)
}

function extractGoMod(path: string, bytes: Uint8Array): Extraction {
  const required: ModuleVersion[] = []
  const replacements: Replacement[] = []
  const problems: InventoryProblem[] = []
  for (const { verb, fields, line } of directivesOf(decodeText(bytes), problems, path)) {
    if (verb === 'require') {
      const [module = '', version = ''] = fields
      if (module !== '' && version !== '') required.push({ path: module, version })
      else if (problems.length < maxProblems)
        problems.push({ path, reason: `line ${line} requires a module without a version` })
    }
    if (verb === 'replace') {
      const arrow = fields.indexOf('=>')
      const [from = '', version] = fields.slice(0, Math.max(arrow, 0))
      if (from !== '') replacements.push({ from, version, fields: fields.slice(arrow + 1) })
    }
  }
  return { instances: declaredModules(path, applied(required, replacements)), problems }
}

/** One that names the version goes before one for all versions. */
function applied(
  required: readonly ModuleVersion[],
  replacements: readonly Replacement[],
): readonly ModuleVersion[] {
  const byName = new Map<string, readonly string[]>()
  for (const { from, version = '', fields } of replacements)
    byName.set(`${from} ${version}`, fields)
  return required.flatMap((module) => {
    const fields = byName.get(`${module.path} ${module.version}`) ?? byName.get(`${module.path} `)
    const put = fields === undefined ? module : replacementOf(fields, module)
    return put === undefined ? [] : [put]
  })
}

interface Directive {
  readonly verb: string
  readonly fields: readonly string[]
  readonly line: number
}

/** Lines with the verb of the block that they stand in. */
function* directivesOf(
  text: string,
  problems: InventoryProblem[],
  path: string,
): Generator<Directive> {
  let block: string | undefined
  const lines = text.split(/\r?\n/, maxLines + 1)
  if (lines.length > maxLines) problems.push({ path, reason: 'has more lines than are read' })
  for (const [index, line] of lines.slice(0, maxLines).entries()) {
    const words = wordsOf(line)
    const [first, second] = words
    if (first === undefined) continue
    if (block !== undefined) {
      if (first === ')') block = undefined
      else yield { verb: block, fields: words, line: index + 1 }
    } else if (second === '(') block = first
    else yield { verb: first, fields: words.slice(1), line: index + 1 }
  }
}

/** Without comments; a word may be quoted, and a bracket may touch the verb. */
function wordsOf(line: string): readonly string[] {
  const words = line
    .replace(/(?:^|\s)\/\/.*$/s, '')
    .trim()
    .split(/\s+/, 16)
    .map((word) => word.replace(/^(["`])(.*)\1$/, '$2'))
  const [first = '', ...rest] = words
  if (first === '') return []
  return first.length > 1 && first.endsWith('(') ? [first.slice(0, -1), '(', ...rest] : words
}
