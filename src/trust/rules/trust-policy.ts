// One named document that says whose signatures count, where, and how many of them (docs/trust.md).
import type { StoreType } from './trust-material.ts'

export interface TrustPolicy {
  readonly name: string
  /** Names of repositories or their ARNs, `*` for any run of characters; empty where `scopes` say it. */
  readonly repositories: readonly string[]
  /** Notation's words, of an imported document: `host/repository`, or `*` alone. */
  readonly scopes: readonly string[]
  /** Each is one way to be trusted. */
  readonly accept: readonly AcceptEntry[]
  /** Distinct identities that must have signed. */
  readonly threshold: number
  /** Whether a signature of an index covers the manifests that it lists. */
  readonly inheritFromIndex: boolean
  /** Whether a signed statement of any kind counts as a signature; else only what cosign writes for one. */
  readonly acceptAttestationAsSignature: boolean
  readonly attestations: readonly AttestationRule[]
}

export type AcceptEntry = NotationEntry | KeylessEntry | KeyEntry

export interface NotationEntry {
  readonly kind: 'notation'
  readonly id: string
  readonly stores: readonly StoreReference[]
  /** As written: `*`, `x509.subject: …`, an ARN. */
  readonly identities: readonly string[]
  readonly level: NotationLevel
  readonly override: NotationOverride
  readonly verifyTimestamp: 'always' | 'afterCertExpiry'
}

export const notationLevels = ['strict', 'permissive', 'audit', 'skip'] as const
export type NotationLevel = (typeof notationLevels)[number]
export const overridableChecks = [
  'authenticity',
  'authenticTimestamp',
  'expiry',
  'revocation',
] as const
export type OverridableCheck = (typeof overridableChecks)[number]
export type NotationOverride = Readonly<
  Partial<Record<OverridableCheck, 'enforce' | 'log' | 'skip'>>
>

export interface StoreReference {
  readonly type: StoreType
  readonly name: string
}

export interface KeylessEntry {
  readonly kind: 'sigstore'
  readonly id: string
  /** The name of a sigstore root. */
  readonly root: string
  readonly issuer: string
  readonly subject: string
  /** Distinct transparency logs, sources of time, logs of certificates. */
  readonly tlog: number
  readonly time: number
  readonly certificateLog: number
}

export interface KeyEntry {
  readonly kind: 'cosignKey'
  readonly id: string
  /** Names of keys: any of them. */
  readonly keys: readonly string[]
  /** Needed where `tlog` or `time` is above 0. */
  readonly root: string | undefined
  readonly tlog: number
  readonly time: number
  /** Whether a simple signature must name the repository in which it lies. */
  readonly bindRepository: boolean
}

export interface AttestationRule {
  readonly id: string
  /** A short name or the whole predicate type. */
  readonly type: string
  /** Ids of entries of `accept`. */
  readonly accept: readonly string[]
  /** Patterns of SLSA provenance: who built it, and from where. */
  readonly builder: string | undefined
  readonly source: string | undefined
}

/** A name of the lists of material that a policy can name. */
export interface MaterialReference {
  readonly kind: 'store' | 'key' | 'root'
  /** Of a store with its type: `ca:acme`. */
  readonly name: string
}

/** What a policy stands on, each once. */
export function materialOf({ accept }: Pick<TrustPolicy, 'accept'>): readonly MaterialReference[] {
  const found = accept.flatMap(materialOfEntry)
  const byKey = new Map(
    found.map((reference) => [`${reference.kind}/${reference.name}`, reference]),
  )
  return [...byKey.values()]
}

function materialOfEntry(entry: AcceptEntry): readonly MaterialReference[] {
  switch (entry.kind) {
    case 'notation':
      return entry.stores.map(({ type, name }) => ({ kind: 'store', name: `${type}:${name}` }))
    case 'sigstore':
      return [{ kind: 'root', name: entry.root }]
    case 'cosignKey': {
      const keys = entry.keys.map((name) => ({ kind: 'key', name }) as const)
      return entry.root === undefined ? keys : [...keys, { kind: 'root', name: entry.root }]
    }
  }
}

/** 1 to 128 characters, neither control characters nor blanks at an end: Notation's own policies are imported under their names. */
export function isPolicyName(text: string): boolean {
  return /^[^\s\p{C}](?:[^\p{C}]{0,126}[^\s\p{C}])?$/u.test(text)
}

/** Of stores, keys and roots: what Notation allows for a store. */
export function isMaterialName(text: string): boolean {
  return /^[A-Za-z0-9_.-]{1,128}$/.test(text) && !/^\.\.?$/.test(text)
}
