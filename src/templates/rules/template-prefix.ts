// Purpose:  which repositories is a template for?
// Spec:     Amazon ECR API, CreateRepositoryCreationTemplate (prefix); Amazon ECR User Guide, "Repository creation templates".
// Input:    the prefix of a template, which may be hostile; parsed names of repositories.
// Deviates: nothing.
// Unknowns: a prefix outside the grammar → undefined. Of templates that are not for the occasion AWS does not say whether a
//           longer one hides a shorter one; here it does not.
import type { RepositoryName } from '../../oci/repository-name.ts'

declare const brand: unique symbol
/** Without the slash at its end, which is always meant; or ROOT. */
export type TemplatePrefix = string & { readonly [brand]: 'TemplatePrefix' }

/** For which occasions a template makes repositories. */
export const occasions = ['PULL_THROUGH_CACHE', 'REPLICATION', 'CREATE_ON_PUSH'] as const
export type Occasion = (typeof occasions)[number]

/** The template of every repository that no other is for. */
const root = 'ROOT'
const maxPrefixLength = 256

const segment = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
/** As the service's model has it. */
export const prefixPattern = `^(?:${segment}(?:/${segment})*/?|${root})$`
const grammar = new RegExp(prefixPattern)

export function parseTemplatePrefix(text: string): TemplatePrefix | undefined {
  if (text.length > maxPrefixLength || !grammar.test(text)) return undefined
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the brand is given here, and nowhere else
  return (text.endsWith('/') ? text.slice(0, -1) : text) as TemplatePrefix
}

/** What stands behind `repository/` in an ARN of all that the prefix is for. */
export function allUnder(prefix: TemplatePrefix): string {
  return prefix === root ? '*' : `${prefix}/*`
}

export function isFor(prefix: TemplatePrefix, name: RepositoryName): boolean {
  return prefix === root || name.startsWith(`${prefix}/`)
}

interface Choosable {
  readonly prefix: TemplatePrefix
  readonly appliedFor: readonly Occasion[]
}

/** Of those for the occasion the one with the longest prefix; ROOT is the shortest. */
export function chooseTemplate<T extends Choosable>(
  templates: readonly T[],
  name: RepositoryName,
  occasion: Occasion,
): T | undefined {
  const possible = templates.filter(
    ({ prefix, appliedFor }) => appliedFor.includes(occasion) && isFor(prefix, name),
  )
  return possible.toSorted((a, b) => lengthOf(b.prefix) - lengthOf(a.prefix))[0]
}

function lengthOf(prefix: TemplatePrefix): number {
  return prefix === root ? 0 : prefix.length
}
