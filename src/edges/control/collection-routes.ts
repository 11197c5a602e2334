import { refused, type ControlCall, type ControlReply, type ControlRoute } from './route.ts'

interface CollectInput {
  readonly untaggedOlderThanMs: number | undefined
}

interface Options {
  readonly signal: AbortSignal
}

export interface CollectionRooms {
  /** The run's state after each batch; the last has ended. A run that is under way is joined. */
  readonly collect: (input: CollectInput, options: Options) => AsyncIterable<unknown>
  /** What a run would let go of, as it is counted; the last is the whole. */
  readonly planCollection: (input: CollectInput, options: Options) => AsyncIterable<unknown>
  /** Newest first. */
  readonly listCollections: () => Promise<readonly unknown[]>
}

export const collectionRoutes: readonly ControlRoute<CollectionRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/collections',
    action: 'pratique:DescribeCollections',
    run: async (rooms) => ({ kind: 'json', value: await rooms.listCollections() }),
  },
  {
    method: 'POST',
    path: '/pratique/v1/collections',
    action: 'pratique:CollectStorage',
    run: async (rooms, call) => withInput(call, (input) => rooms.collect(input, call)),
  },
  {
    method: 'POST',
    path: '/pratique/v1/collections/plan',
    action: 'pratique:DescribeCollections',
    run: async (rooms, call) => withInput(call, (input) => rooms.planCollection(input, call)),
  },
]

/** `untagged-older-than`: whole seconds; without it manifests stay. */
async function withInput(
  { query }: ControlCall,
  start: (input: CollectInput) => AsyncIterable<unknown>,
): Promise<ControlReply> {
  const text = query.get('untagged-older-than')
  if (text !== null && !/^[0-9]{1,9}$/.test(text)) {
    return Promise.resolve(refused('untagged-older-than must be whole seconds'))
  }
  const untaggedOlderThanMs = text === null ? undefined : Number(text) * 1000
  return Promise.resolve({ kind: 'lines', values: start({ untaggedOlderThanMs }) })
}
