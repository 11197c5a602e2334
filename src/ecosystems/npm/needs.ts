// Purpose:  which of the packages in a tree of node_modules does another one get when it asks for a name?
// Spec:     Node.js, "Loading from node_modules folders": the nearest folder upwards.
// Input:    places and names of a lock file; hostile.
// Deviates: nothing.
// Unknowns: a name that is nowhere above is undefined: optional and peer dependencies may be absent.

/** A real tree needs a few thousand. */
const maxLookups = 3_000_000
const maxSteps = 64

/** What `name` is to the package at `place`. */
export type FindNeed<T> = (place: string, name: string) => T | undefined

/** `places` by path below the root: `node_modules/a/node_modules/b`, `packages/c`. */
export function resolveNeeds<T>(places: ReadonlyMap<string, T>): FindNeed<T> {
  let lookups = 0
  return (place, name) => {
    let folder = place
    for (let step = 0; step < maxSteps && lookups < maxLookups; step += 1) {
      lookups += 1
      const found = places.get(
        folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`,
      )
      if (found !== undefined || folder === '') return found
      folder = parentOf(folder)
    }
    return undefined
  }
}

/** The folder above; from within node_modules the one that holds it. */
function parentOf(folder: string): string {
  const above = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))
  return above.replace(/(?:^|\/)node_modules(?:\/@[^/]*)?$/, '')
}
