/** What a package of a database offers and asks for, before it is known who gives it. */
export interface Relations {
  readonly name: string
  /** Other names it goes by: virtual packages, libraries. */
  readonly provides: readonly string[]
  /** Each need is met by one of several names. */
  readonly needs: readonly (readonly string[])[]
}

const maxNeeds = 5000

/**
 * Which packages of the same database meet each one's needs, by name, in the order of the list given. A need that none
 * of them meets is left out: nobody can say what it would be.
 */
export function resolveNeeds(packages: readonly Relations[]): readonly (readonly string[])[] {
  const givers = new Map<string, string>()
  for (const { name, provides } of packages)
    for (const other of provides) if (!givers.has(other)) givers.set(other, name)
  // A package of that very name comes before one that merely provides it.
  for (const { name } of packages) givers.set(name, name)
  return packages.map(({ name, needs }) => {
    const found = new Set<string>()
    for (const alternatives of needs.slice(0, maxNeeds)) {
      const giver = alternatives.map((need) => givers.get(need)).find((it) => it !== undefined)
      if (giver !== undefined && giver !== name) found.add(giver)
    }
    return [...found]
  })
}
