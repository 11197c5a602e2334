import type { PolicyKind } from '../document.ts'
import { policyLimits, policySize } from './policy-size.ts'

/** What differs from one kind of policy to another. */
export interface KindRules {
  /** `everyone`: the element is there and says `"*"` (resource control policies). */
  readonly principal: 'required' | 'prohibited' | 'everyone'
  readonly resource: 'required' | 'prohibited' | 'repository' | 'registry'
  /** Services whose actions may be named; undefined for all. */
  readonly services: readonly string[] | undefined
  readonly isOldVersionRefused: boolean
  /** Sids are unique; the faults of a repository's are found by the lint alone. */
  readonly areSidsUnique: boolean
  readonly sid: RegExp
  /**
   * The size that is refused here, in characters as its limit counts them. Of the other kinds it depends on whom a
   * policy is put to, and has an error of its own: `policyLimits` has the numbers.
   */
  readonly size: { readonly limit: number; readonly of: (text: string) => number } | undefined
}

const identity: KindRules = {
  principal: 'prohibited',
  resource: 'required',
  services: undefined,
  isOldVersionRefused: true,
  areSidsUnique: true,
  sid: /^[A-Za-z0-9]*$/,
  size: undefined,
}

const ofResource = {
  principal: 'required',
  services: ['*', 'ecr', 'pratique'],
  isOldVersionRefused: false,
  areSidsUnique: false,
  sid: /^[A-Za-z0-9 ]*$/,
} as const

const textLength = (text: string): number => text.length

export const kindRules: Readonly<Record<PolicyKind, KindRules>> = {
  identity,
  // A session's policy lives for hours and was never kept: both versions are still written.
  session: { ...identity, isOldVersionRefused: false },
  scp: { ...identity, size: { limit: policyLimits.scp, of: policySize } },
  rcp: { ...identity, principal: 'everyone', size: { limit: policyLimits.rcp, of: policySize } },
  repository: {
    ...ofResource,
    resource: 'repository',
    size: { limit: policyLimits.repository, of: textLength },
  },
  registry: {
    ...ofResource,
    resource: 'registry',
    size: { limit: policyLimits.registry, of: textLength },
  },
  // Made of the permissions of a signing profile, never written by anybody.
  profile: { ...ofResource, services: ['signer'], resource: 'repository', size: undefined },
  trust: {
    ...identity,
    principal: 'required',
    resource: 'prohibited',
    isOldVersionRefused: false,
  },
}
