import type { Clock } from '../lib/clock.ts'
import type { AccountId } from '../policy/account-id.ts'
import type { Database, SqlReader } from '../storage/database/database.ts'
import { signingError } from './errors.ts'
import type { KeyStore } from './key-store.ts'
import { tellKeySignature } from './made-record.ts'
import { readTarget, signingAgent, signWithKey, type SigningDeps } from './make-signature.ts'
import { requireNamedKey } from './named-keys.ts'
import { findKeyRevocation } from './revocation-list-store.ts'
import type { SigningKeyRecord } from './signing-key-store.ts'

const maxExpiryMs = 135 * 31 * 86_400_000

type NamedSigningDeps = Pick<SigningDeps, 'timestamps' | 'region'> & {
  readonly database: Database
  readonly clock: Clock
  readonly keys: KeyStore
}

/** SIGNING_KEY_UNKNOWN, SIGNING_KEY_REVOKED, SIGNING_INPUT_INVALID, SIGNING_TIMESTAMP_UNAVAILABLE. */
export async function signWithNamedKey(
  deps: NamedSigningDeps,
  input: {
    readonly account: AccountId
    readonly name: string
    readonly payload: Uint8Array
    readonly format: 'jws' | 'cose'
    /** From now on; undefined: it has no end of its own. */
    readonly expiresInMs: number | undefined
    /** ARN of who asks. */
    readonly by: string
  },
): Promise<NamedSignature> {
  const { account, name, payload, format, expiresInMs, by } = input
  const target = readTarget(payload)
  if (expiresInMs !== undefined && !(expiresInMs >= 1000 && expiresInMs <= maxExpiryMs))
    throw signingError('SIGNING_INPUT_INVALID', 'the expiry must be 1 second to 135 months')
  const key = await requireNamedKey(deps.database, account, name)
  await requireUnrevoked(deps.database, key)
  const signingTime = Math.floor(deps.clock.now().getTime() / 1000) * 1000
  const made = await signWithKey(deps, key, {
    format,
    payload,
    scheme: 'notary.x509',
    signingTime,
    signingAgent,
    ...(expiresInMs === undefined ? {} : { expiry: signingTime + expiresInMs }),
  })
  // Whoever revoked it meanwhile was told that it signs nothing more.
  await deps.database.transaction(async (tx) => {
    await requireUnrevoked(tx, key)
    const { isStamped } = made
    const { digest } = target
    await tellKeySignature(
      tx,
      deps.region,
      { account, name, digest, by, isStamped },
      deps.clock.now(),
    )
  })
  return made
}

export interface NamedSignature {
  readonly envelope: Uint8Array
  readonly isStamped: boolean
}

async function requireUnrevoked(
  reader: SqlReader,
  { id, name = '' }: SigningKeyRecord,
): Promise<void> {
  const revocation = await findKeyRevocation(reader, id)
  if (revocation === undefined) return
  const message = `the signing key ${name} is revoked from ${revocation.from.toISOString()} on`
  throw signingError('SIGNING_KEY_REVOKED', message)
}
