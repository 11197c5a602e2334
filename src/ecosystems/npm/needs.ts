// Purpose:  which of the packages in a tree of node_modules does another one get when it asks for a name?
// Spec:     Node.js, "Loading from node_modules folders": the nearest folder upwards.
// Input:    places and names of a lock file; hostile.
// Deviates: nothing.
// Unknowns: a name that is nowhere above is undefined: optional and peer dependencies may be absent.

/** How a lock file writes places down. */
interface PlaceForm {
  /** Where a package is that belongs to the one at `place` alone; below the root where `place` is empty. */
  nest(place: string, name: string): string
  above(place: string): string
}

/** The place of what `name` is to the package at `place`. */
export type FindNeed = (place: string, name: string) => string | undefined

/** Real trees are a few levels deep and need a few million characters. */
const maxLevels = 64
const maxCharacters = 100_000_000

/** npm's: `node_modules/a/node_modules/b`, `packages/c`. */
export const nodeModulesPlaces: PlaceForm = {
  nest: (place, name) => (place === '' ? `node_modules/${name}` : `${place}/node_modules/${name}`),
  above: (place) => folderOf(place).replace(/(?:^|\/)node_modules(?:\/@[^/]*)?$/, ''),
}

/** bun's: `a/b`, without the folders' name. */
export const namePlaces: PlaceForm = {
  nest: (place, name) => (place === '' ? name : `${place}/${name}`),
  above: (place) => folderOf(place).replace(/(?:^|\/)@[^/]*$/, ''),
}

export function resolveNeeds(places: ReadonlyMap<string, unknown>, form: PlaceForm): FindNeed {
  let looked = 0
  return (place, name) => {
    let folder = place
    for (let level = 0; level < maxLevels; level += 1) {
      const nested = form.nest(folder, name)
      looked += nested.length
      if (looked > maxCharacters) return undefined
      if (places.has(nested)) return nested
      if (folder === '') return undefined
      folder = form.above(folder)
    }
    return undefined
  }
}

function folderOf(place: string): string {
  return place.slice(0, Math.max(0, place.lastIndexOf('/')))
}
