// Which images of the account hold a flaw, or a package.
import { parseDigest } from '../../oci/digest.ts'
import type { FindImagesInput, FoundImages } from '../../scanning/find-images.ts'
import { parseVersionRange } from '../../scanning/rules/version-range.ts'
import { vulnerabilityIn } from './finding-routes.ts'
import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

export interface WhereRooms {
  readonly findImages: (input: FindImagesInput) => Promise<FoundImages>
}

const defaultLimit = 50
const maxLimit = 200

export const whereRoutes: readonly ControlRoute<WhereRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/images',
    action: 'pratique:FindImages',
    isOfAccount: true,
    run: findImages,
  },
]

/** `vulnerability`: any id of a flaw; or `package`, with `range` where not all versions; `limit`; `after` of the page before. */
async function findImages(
  rooms: WhereRooms,
  { account, query }: ControlCall,
): Promise<ControlReply> {
  const asked = askedIn(query)
  if (typeof asked === 'string') return refused(asked)
  const limit = limitIn(query.get('limit'))
  if (limit === undefined) return refused(`limit must be a number from 1 to ${maxLimit}`)
  const after = afterIn(query.get('after'))
  if (after === undefined) return refused('after must be the "next" of the page before')
  const found = await rooms.findImages({ account, asked, after, limit })
  if (found.answer === 'refused-package')
    return refused('package must be a name or a package URL, pkg:TYPE/NAME')
  const { next, ...rest } = found
  const value = next === undefined ? rest : { ...rest, next: `${next.repositoryId}/${next.digest}` }
  return { kind: 'json', value }
}

function askedIn(query: URLSearchParams): FindImagesInput['asked'] | string {
  const [flaw, name, range] = [query.get('vulnerability'), query.get('package'), query.get('range')]
  if ((flaw === null) === (name === null)) return 'ask for a vulnerability or for a package'
  if (name === null) {
    const id = vulnerabilityIn(flaw)
    if (id === undefined) return 'vulnerability must be an id, such as CVE-2021-44228'
    return range === null ? { kind: 'flaw', id } : 'range goes with package only'
  }
  if (name === '' || name.length > 500) return 'package must be a name of 1 to 500 characters'
  const bounds = range === null ? [] : parseVersionRange(range)
  if (bounds === undefined) return 'range must be comparisons, such as ">=2.0, <2.17.1"'
  return { kind: 'package', name, range: bounds }
}

function limitIn(text: string | null): number | undefined {
  if (text === null) return defaultLimit
  const limit = /^[0-9]{1,4}$/.test(text) ? Number(text) : 0
  return limit >= 1 && limit <= maxLimit ? limit : undefined
}

function afterIn(text: string | null): FindImagesInput['after'] | undefined {
  if (text === null) return { repositoryId: 0, digest: '' }
  const [, id, digest = ''] = /^([0-9]{1,15})\/(.+)$/.exec(text) ?? []
  return id === undefined || parseDigest(digest) === undefined
    ? undefined
    : { repositoryId: Number(id), digest }
}
