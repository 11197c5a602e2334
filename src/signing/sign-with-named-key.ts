import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { signingError } from './errors.ts'
import type { KeyStore } from './key-store.ts'
import { readTarget, signingAgent, signWithKey } from './make-signature.ts'
import { requireNamedKey } from './named-keys.ts'

const maxExpiryMs = 135 * 31 * 86_400_000

/** SIGNING_KEY_UNKNOWN, SIGNING_INPUT_INVALID. */
export async function signWithNamedKey(
  deps: { readonly database: Database; readonly clock: Clock; readonly keys: KeyStore },
  input: {
    readonly account: AccountId
    readonly name: string
    readonly payload: Uint8Array
    readonly format: 'jws' | 'cose'
    /** From now on; undefined: it has no end of its own. */
    readonly expiresInMs: number | undefined
  },
): Promise<Uint8Array> {
  const { account, name, payload, format, expiresInMs } = input
  readTarget(payload)
  if (expiresInMs !== undefined && !(expiresInMs >= 1000 && expiresInMs <= maxExpiryMs))
    throw signingError('SIGNING_INPUT_INVALID', 'the expiry must be 1 second to 135 months')
  const key = await requireNamedKey(deps.database, account, name)
  const signingTime = Math.floor(deps.clock.now().getTime() / 1000) * 1000
  return signWithKey(deps, key, {
    format,
    payload,
    scheme: 'notary.x509',
    signingTime,
    signingAgent,
    ...(expiresInMs === undefined ? {} : { expiry: signingTime + expiresInMs }),
  })
}
