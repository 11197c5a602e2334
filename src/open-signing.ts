// What signing stands on, bound to the foundation and the settings: keys, timestamps, and the authority that others may ask.
import { readFile } from 'node:fs/promises'
import type { PkiRooms } from './edges/pki/serve-pki.ts'
import type { SigningSetting, TimestampSetting } from './signing-setting.ts'
import { StartError, type Foundation } from './foundation.ts'
import type { Log } from './lib/log.ts'
import { createOutboundFetch } from './lib/outbound-fetch.ts'
import { readTrustStore } from './signatures/notation/trust-store.ts'
import { parseCertificate, type Certificate } from './signatures/x509/certificate.ts'
import { rootsAsPem } from './signing/authority-keys.ts'
import { embeddedKeys } from './signing/embedded-keys.ts'
import type { SigningDeps } from './signing/make-signature.ts'
import { readRevocationList } from './signing/revocation-lists.ts'
import { listRoots } from './signing/signing-key-store.ts'
import {
  answerTimestampQuery,
  timestampRootsInPem,
  type TimestampDeps,
} from './signing/timestamp-authority.ts'
import type { Timestamping } from './signatures/x509/obtain-timestamp.ts'
import { remoteAuthority, type TimestampPolicy } from './signing/timestamps.ts'

/** `log` is told of signatures that go without a timestamp. StartError for a file of roots that cannot be taken. */
export async function openSigning(
  { region, signing }: { readonly region: string; readonly signing: SigningSetting },
  foundation: Foundation,
  log: Pick<Log, 'warn'>,
): Promise<SigningDeps> {
  const { database, clock, ids } = foundation
  const keys = embeddedKeys(foundation)
  const authority = { database, clock, ids, keys, crlUrl: signing.crlUrl }
  const timestamps = await timestampsOf(signing.timestamps, authority, log)
  return { ...authority, region, timestamps }
}

async function timestampsOf(
  setting: TimestampSetting,
  deps: TimestampDeps,
  log: Pick<Log, 'warn'>,
): Promise<TimestampPolicy | undefined> {
  if (setting.kind === 'none') return undefined
  const onOmitted = (reason: string): void => log.warn({ event: 'timestamp.omitted', reason })
  const { ifAway } = setting
  const nonce = (): Uint8Array => deps.ids.bytes(16)
  if (setting.kind === 'own')
    return { timestamping: { ...ownAuthority(deps), nonce }, ifAway, onOmitted }
  const roots = await readRoots(setting.rootsFile)
  const fetch = createOutboundFetch()
  const authorities = setting.urls.map((url) =>
    remoteAuthority(fetch, url, { ...setting, clock: deps.clock }),
  )
  const timestamping = { authorities, roots: async () => Promise.resolve(roots), nonce }
  return { timestamping, ifAway, onOmitted }
}

function ownAuthority(deps: TimestampDeps): Omit<Timestamping, 'nonce'> {
  return {
    authorities: [
      {
        name: 'own',
        ask: async (query) => ({ kind: 'answer', bytes: await answerTimestampQuery(deps, query) }),
      },
    ],
    roots: async () =>
      (await listRoots(deps.database, 'tsa-root')).flatMap(({ chain: [root] }) => {
        const parsed = root === undefined ? undefined : parseCertificate(root)
        return parsed?.kind === 'certificate' ? [parsed.certificate] : []
      }),
  }
}

async function readRoots(file: string): Promise<readonly Certificate[]> {
  const variable = 'PRATIQUE_TIMESTAMP_ROOTS'
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable'
    throw new StartError(`${variable} names ${file}, which cannot be read (${why})`, { cause })
  }
  const read = readTrustStore('tsa', new Map([[file, bytes]]))
  if (read.kind === 'refused') throw new StartError(`${variable} names ${file}: ${read.reason}`)
  return read.certificates
}

/** What everybody may have without signing in. */
export function pkiRooms(
  { isTimestampAuthority }: Pick<SigningSetting, 'isTimestampAuthority'>,
  deps: TimestampDeps,
): PkiRooms {
  return {
    revocationList: (issuer) => readRevocationList(deps, issuer),
    // Who asks without signing in makes no authority.
    signingRoots: async () => rootsAsPem(await listRoots(deps.database, 'root')),
    ...(isTimestampAuthority
      ? {
          timestampRoots: () => timestampRootsInPem(deps),
          answerTimestamp: (query: Uint8Array) => answerTimestampQuery(deps, query),
        }
      : {}),
  }
}
