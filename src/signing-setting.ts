// The settings of signing: who stamps the time, whether this server does so for others, and where revocation lists are found.
import { oneOf, parseUrl } from './setting-values.ts'

export interface SigningSetting {
  /** Of signatures that no authority vouches for. */
  readonly timestamps: TimestampSetting
  /** Whether everybody who reaches the server may have a timestamp of it. */
  readonly isTimestampAuthority: boolean
  /** What certificates name as the place of revocation lists, before `/pki`; undefined: they name none. */
  readonly crlUrl: string | undefined
}

export type TimestampSetting =
  | { readonly kind: 'none' }
  | { readonly kind: 'own'; readonly ifAway: 'fail' | 'omit' }
  | {
      readonly kind: 'remote'
      readonly urls: readonly string[]
      /** PEM of the authorities' roots. */
      readonly rootsFile: string
      readonly ifAway: 'fail' | 'omit'
      readonly allowPrivateNetwork: boolean
    }

export const signingSettings = {
  timestamps: {
    environment: 'PRATIQUE_TIMESTAMPS',
    fallback: '',
    says: 'who stamps the time of portable signatures: own, or addresses of timestamp authorities (RFC 3161) divided by commas; empty for nobody',
  },
  timestampRoots: {
    environment: 'PRATIQUE_TIMESTAMP_ROOTS',
    fallback: '',
    says: 'file of the root certificates (PEM) that answers of these addresses must lead to',
  },
  timestampIfAway: {
    environment: 'PRATIQUE_TIMESTAMP_IF_AWAY',
    fallback: 'fail',
    says: 'when no authority answers: fail signs nothing, omit signs without a timestamp and logs it',
  },
  timestampPrivate: {
    environment: 'PRATIQUE_TIMESTAMP_PRIVATE',
    fallback: 'refuse',
    says: 'allow asks timestamp authorities at private and loopback addresses too',
  },
  tsa: {
    environment: 'PRATIQUE_TSA',
    fallback: 'off',
    says: 'on gives timestamps to everybody who reaches the server: POST /pki/tsa',
  },
  crlUrl: {
    environment: 'PRATIQUE_CRL_URL',
    fallback: '',
    says: 'http address of this server that new certificates name for their revocation list (ADDRESS/pki/….crl); empty: they name none',
  },
} as const

type Name = keyof typeof signingSettings
type Read = <T>(
  name: Name,
  parse: (text: string) => T | undefined,
  expected: string,
  fallback: T,
) => T

export function signingFrom(
  read: Read,
  path: (text: string) => string | undefined,
  problems: string[],
): SigningSetting {
  const isOn = read('tsa', oneOf('off', 'on'), 'on or off', 'off') === 'on'
  const expected = 'an http address, since nobody asks for lists over https'
  const crlUrl = read('crlUrl', crlUrlIn, expected, '')
  return {
    timestamps: timestampsFrom(read, path, problems),
    isTimestampAuthority: isOn,
    crlUrl: crlUrl === '' ? undefined : crlUrl,
  }
}

function timestampsFrom(
  read: Read,
  path: (text: string) => string | undefined,
  problems: string[],
): TimestampSetting {
  const expected = 'own, or up to three http and https addresses divided by commas'
  const given = read('timestamps', authoritiesIn, expected, 'none')
  const ifAway = read('timestampIfAway', oneOf('fail', 'omit'), 'fail or omit', 'fail')
  const may = read('timestampPrivate', oneOf('refuse', 'allow'), 'refuse or allow', 'refuse')
  const rootsFile = read('timestampRoots', (text) => path(text) ?? '', 'a file', '')
  if (given === 'none') return { kind: 'none' }
  if (given === 'own') return { kind: 'own', ifAway }
  if (rootsFile === '')
    problems.push(
      `${signingSettings.timestamps.environment} names authorities: set ${signingSettings.timestampRoots.environment} to the file of their roots, so that a timestamp that nobody could verify is refused`,
    )
  const allowPrivateNetwork = may === 'allow'
  return { kind: 'remote', urls: given, rootsFile, ifAway, allowPrivateNetwork }
}

const maxAuthorities = 3

function authoritiesIn(text: string): 'none' | 'own' | readonly string[] | undefined {
  if (text === '') return 'none'
  if (text === 'own') return 'own'
  const urls = text.split(',').map((one) => parseUrl(one.trim()))
  const known = urls.flatMap((one) => (one === undefined ? [] : [one]))
  return known.length === urls.length && known.length <= maxAuthorities ? known : undefined
}

function crlUrlIn(text: string): string | undefined {
  if (text === '') return ''
  const url = parseUrl(text)
  return url?.startsWith('http:') === true ? url : undefined
}
