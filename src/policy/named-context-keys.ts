// Purpose:  which context keys do policies ask for?
// Spec:     IAM API Reference, GetContextKeysForCustomPolicy: keys of Condition elements and of variables.
// Input:    compiled policies.
// Deviates: a key is named once, whatever its case, as the first place has it; keys of variables are in lower case.
// Unknowns: none.
import type { CompiledPolicy } from './compile.ts'

/** In the order of their places. */
export function namedContextKeys(policies: readonly CompiledPolicy[]): readonly string[] {
  const named = new Map<string, string>()
  for (const { resource, conditions } of policies.flatMap(({ statements }) => statements)) {
    const tested = conditions.flatMap(({ written, variables }) => [written.key, ...variables])
    for (const key of [...(resource?.variables ?? []), ...tested]) keep(named, key)
  }
  return [...named.values()]
}

function keep(named: Map<string, string>, key: string): void {
  const lower = key.toLowerCase()
  if (!named.has(lower)) named.set(lower, key)
}
