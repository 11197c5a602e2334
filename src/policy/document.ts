import type { AccountId } from './account-id.ts'

/** Where a document is put, which decides what may stand in it. A permissions boundary is of kind `identity`. */
export type PolicyKind =
  'identity' | 'session' | 'scp' | 'rcp' | 'repository' | 'registry' | 'profile' | 'trust'

/** A policy as it was read: nothing in it is unknown to the language, and nothing was resolved or substituted yet. */
export interface PolicyDocument {
  readonly version: '2008-10-17' | '2012-10-17'
  readonly id: string | undefined
  readonly statements: readonly Statement[]
}

export interface Statement {
  /** The place in the document, from 0. */
  readonly index: number
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  readonly principal: PrincipalElement | undefined
  readonly action: PatternElement
  readonly resource: PatternElement | undefined
  readonly conditions: readonly ConditionTest[]
  readonly at: Place
}

export interface PrincipalElement {
  readonly isNegated: boolean
  readonly members: readonly PrincipalForm[]
}

/** Action or Resource, or its Not-form; the patterns stand as written: `ecr:Put*`, `*`. */
export interface PatternElement {
  readonly isNegated: boolean
  readonly patterns: readonly string[]
}

/** In the text of a document: a JSON pointer (RFC 6901), and line and column from 1. */
export interface Place {
  readonly pointer: string
  readonly line: number
  readonly column: number
}

export type PrincipalForm =
  /** `"*"` and `{"AWS":"*"}`: everyone, anonymous included. */
  | { readonly kind: 'everyone' }
  /** Twelve digits, or `arn:aws:iam::ACCOUNT:root`. */
  | { readonly kind: 'account'; readonly account: AccountId }
  | { readonly kind: 'user' | 'role'; readonly account: AccountId; readonly arn: string }
  | {
      readonly kind: 'session' | 'federated-user'
      readonly account: AccountId
      readonly arn: string
    }
  /** `AIDA…`, `AROA…`: the entity that bore this id, and no later one of its name. */
  | { readonly kind: 'unique-id'; readonly id: string }
  | { readonly kind: 'oidc-provider'; readonly arn: string }
  | { readonly kind: 'service'; readonly name: string }

export interface ConditionTest {
  /** As written, `ForAnyValue:StringLikeIfExists`; known to be one of the language's. */
  readonly operator: string
  readonly key: string
  /** Booleans and numbers as the text they were written with. */
  readonly values: readonly string[]
  readonly at: Place
}
