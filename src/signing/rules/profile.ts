// Purpose:  what signing profiles, their versions and jobs are: names, ARNs, how long signatures hold.
// Spec:     AWS Signer API Reference, SigningProfile, SignatureValidityPeriod, SigningPlatform; its service authorization reference.
// Input:    members of requests and ARNs; hostile.
// Deviates: the mode is ours: `aws-plugin` makes what AWS's plugin for notation verifies, `portable` what every client does.
// Unknowns: an ARN of another partition, region, account or form → undefined.
import { formatArn, parseArn } from '../../policy/arn.ts'
import { parseAccountId, type AccountId } from '../../policy/account-id.ts'

export const platformId = 'Notation-OCI-SHA384-ECDSA'
export const profileNamePattern = '^[a-zA-Z0-9_]{2,64}$'
export const versionPattern = '^[a-zA-Z0-9]{10}$'
export const maxValidityMonths = 135

export const profileModes = ['aws-plugin', 'portable'] as const
export type ProfileMode = (typeof profileModes)[number]
/** The tag by which a client of the Signer API chooses. */
export const modeTag = 'pratique:mode'

export const validityTypes = ['DAYS', 'MONTHS', 'YEARS'] as const
export interface Validity {
  readonly value: number
  readonly type: (typeof validityTypes)[number]
}

export interface ProfileAddress {
  readonly account: AccountId
  readonly name: string
}

export interface VersionAddress extends ProfileAddress {
  readonly version: string
}

export function profileArn(region: string, { account, name }: ProfileAddress): string {
  return formatArn({ service: 'signer', region, account, resource: `/signing-profiles/${name}` })
}

export function profileVersionArn(region: string, address: VersionAddress): string {
  return `${profileArn(region, address)}/${address.version}`
}

export function jobArn(region: string, account: AccountId, id: string): string {
  return formatArn({ service: 'signer', region, account, resource: `/signing-jobs/${id}` })
}

export type SignerResource =
  | ({ readonly kind: 'profile' } & ProfileAddress)
  | ({ readonly kind: 'version' } & VersionAddress)
  | { readonly kind: 'job'; readonly account: AccountId; readonly id: string }

/** What an ARN of this installation names; whether it is there is another question. */
export function parseSignerArn(region: string, text: string): SignerResource | undefined {
  const arn = parseArn(text)
  if (arn?.service !== 'signer' || arn.region !== region || arn.account === undefined)
    return undefined
  const { account, resource } = arn
  const [, id] = /^\/signing-jobs\/([A-Za-z0-9-]{1,64})$/.exec(resource) ?? []
  if (id !== undefined) return { kind: 'job', account, id }
  const [, name, version] =
    /^\/signing-profiles\/(\w{2,64})(?:\/([A-Za-z0-9]{10}))?$/.exec(resource) ?? []
  if (name === undefined) return undefined
  return version === undefined
    ? { kind: 'profile', account, name }
    : { kind: 'version', account, name, version }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Ten characters of these bytes. */
export function versionOf(bytes: Uint8Array): string {
  return [...bytes.subarray(0, 10)].map((byte) => alphabet[byte % alphabet.length]).join('')
}

/** The moment at which a signature made then ends, in UTC; a month's last day stands for a later one that it has not. */
export function endOf(from: Date, { value, type }: Validity): Date {
  if (type === 'DAYS') return new Date(from.getTime() + value * 86_400_000)
  const months = type === 'YEARS' ? value * 12 : value
  const end = new Date(from)
  const day = end.getUTCDate()
  end.setUTCDate(1)
  end.setUTCMonth(end.getUTCMonth() + months)
  const last = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate()
  end.setUTCDate(Math.min(day, last))
  return end
}

/** Why it cannot be had; undefined where it can. */
export function faultOfValidity({ value, type }: Validity): string | undefined {
  const longest = {
    DAYS: Math.floor((maxValidityMonths * 365.25) / 12),
    MONTHS: maxValidityMonths,
    YEARS: Math.floor(maxValidityMonths / 12),
  }[type]
  return Number.isInteger(value) && value >= 1 && value <= longest
    ? undefined
    : `a signature is valid for 1 to ${longest} ${type}, not for ${value}`
}

export function parseProfileOwner(text: string | undefined): AccountId | undefined {
  return text === undefined ? undefined : parseAccountId(text)
}
