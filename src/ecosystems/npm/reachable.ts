/** Every node that leads from the roots, themselves included; each is visited once, so cycles end. */
export function reachableFrom(
  roots: readonly string[],
  needs: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const reached = new Set<string>(roots)
  for (const node of reached) for (const next of needs.get(node) ?? []) reached.add(next)
  return reached
}
