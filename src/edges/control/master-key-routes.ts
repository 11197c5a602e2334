import { refused, type ControlRoute } from './route.ts'

interface Options {
  readonly signal: AbortSignal
}

export interface MasterKeyRooms {
  readonly describeMasterKeys: () => Promise<unknown>
  /** Resolves when the new key is in use; then how far the resealing is, and at last what keys there are. */
  readonly rotateMasterKey: (
    input: { readonly endSessions: boolean },
    options: Options,
  ) => Promise<AsyncIterable<unknown>>
}

export const masterKeyRoutes: readonly ControlRoute<MasterKeyRooms>[] = [
  {
    method: 'GET',
    path: '/pratique/v1/master-keys',
    action: 'pratique:DescribeMasterKeys',
    run: async (rooms) => ({ kind: 'json', value: await rooms.describeMasterKeys() }),
  },
  {
    method: 'POST',
    path: '/pratique/v1/master-keys/rotations',
    action: 'pratique:RotateMasterKey',
    run: async (rooms, call) => {
      const endSessions = call.query.get('end-sessions') ?? 'false'
      if (endSessions !== 'true' && endSessions !== 'false') {
        return refused('end-sessions must be true or false')
      }
      const input = { endSessions: endSessions === 'true' }
      return { kind: 'lines', values: await rooms.rotateMasterKey(input, call) }
    },
  },
]
