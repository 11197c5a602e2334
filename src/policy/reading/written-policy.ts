import type { Place, PrincipalForm } from '../document.ts'

/** A policy as it stands in its text: each part with its place, for who has to point at it. */
export interface WrittenPolicy {
  readonly version: Written | undefined
  readonly id: Written | undefined
  readonly statements: readonly WrittenStatement[]
}

export interface Written {
  readonly value: string
  readonly at: Place
}

export interface WrittenStatement {
  readonly index: number
  readonly at: Place
  readonly sid: Written | undefined
  readonly effect: 'Allow' | 'Deny'
  readonly principal: WrittenPrincipals | undefined
  readonly action: WrittenPatterns
  readonly resource: WrittenPatterns | undefined
  readonly conditions: readonly WrittenCondition[]
  /** Objects of the Condition element that hold no test. */
  readonly emptyConditions: readonly Place[]
}

export interface WrittenPrincipals {
  readonly isNegated: boolean
  readonly at: Place
  readonly members: readonly WrittenPrincipal[]
}

export interface WrittenPrincipal extends Written {
  /** `AWS`, `Federated`, `Service`; `*` for the text `"*"` alone. */
  readonly type: string
  readonly form: PrincipalForm
}

export interface WrittenPatterns {
  readonly isNegated: boolean
  readonly at: Place
  readonly patterns: readonly Written[]
}

export interface WrittenCondition {
  readonly operator: string
  readonly key: string
  readonly values: readonly Written[]
  /** Of the key. */
  readonly at: Place
  readonly operatorAt: Place
}
