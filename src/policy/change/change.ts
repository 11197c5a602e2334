// What could be changed so that a decision turns, and policies with such changes made.
import type { AccountId } from '../account-id.ts'
import { compilePolicy, withStatement, type CompiledPolicy, type PolicyType } from '../compile.ts'
import type { ContextValues } from '../context-values.ts'
import type { Statement } from '../document.ts'
import type { PolicySet } from '../evaluate.ts'
import { writeStatement, type StatementJson } from '../write-statement.ts'

export type Change =
  | {
      readonly kind: 'add-statement'
      readonly type: PolicyType
      /** The policy that takes it; undefined: a new one. */
      readonly policy: string | undefined
      /** Of guard rails: which level, from 0. */
      readonly level: number
      /** Whose administrators can do it. */
      readonly account: AccountId | undefined
      readonly statement: StatementJson
    }
  | {
      readonly kind: 'edit-statement'
      readonly type: PolicyType
      readonly policy: string
      readonly index: number
      readonly sid: string | undefined
      /** In one word, what of it: which element, or which condition's key. */
      readonly part: string
      readonly account: AccountId | undefined
      readonly statement: StatementJson
    }
  /** The request itself, or what is tagged, must be another: no policy changes. */
  | {
      readonly kind: 'meet-condition'
      readonly type: PolicyType
      readonly policy: string
      readonly index: number
      readonly sid: string | undefined
      readonly key: string
      readonly value: string
    }
  | { readonly kind: 'use-principal'; readonly names: readonly string[] }

/** One document for another; without a first one it is new, at this level of the guard rails. */
export interface Replacement {
  readonly type: PolicyType
  readonly level: number
  readonly before: CompiledPolicy | undefined
  readonly after: CompiledPolicy
}

/** A step of a search: what it says, and what it does. */
export interface Step {
  readonly change: Change
  readonly replacement?: Replacement
  readonly value?: { readonly key: string; readonly value: string }
}

export function newPolicy(type: PolicyType, statement: Statement): CompiledPolicy {
  const document = { version: '2012-10-17', id: undefined, statements: [statement] } as const
  return compilePolicy(document, { type, id: `new ${type} policy` }, new Map())
}

/** The step that puts a changed statement into its policy. */
export function editStep(
  place: { readonly policy: CompiledPolicy; readonly level: number },
  statement: Statement,
  about: { readonly part: string; readonly account: AccountId | undefined },
): Step {
  const { policy, level } = place
  const { type, id } = policy.name
  const { index, sid } = statement
  return {
    change: {
      kind: 'edit-statement',
      type,
      policy: id,
      index,
      sid,
      ...about,
      statement: writeStatement(statement),
    },
    replacement: { type, level, before: policy, after: withStatement(policy, statement) },
  }
}

/**
 * The policies of somebody after the change. A document that is there already is changed wherever it is attached; a new one
 * only concerns whom it is made for, but at a resource everybody.
 */
export function replaced(
  policies: PolicySet,
  { type, level, before, after }: Replacement,
  isCaller: boolean,
): PolicySet {
  const isEverybodys = type === 'resource' || type === 'trust' || type === 'rcp'
  const swap = (list: readonly CompiledPolicy[]): readonly CompiledPolicy[] =>
    list.map((policy) => (isSame(policy, before) ? after : policy))
  const extend = (list: readonly CompiledPolicy[]): readonly CompiledPolicy[] => {
    if (before !== undefined) return swap(list)
    return isCaller || isEverybodys ? [...list, after] : list
  }
  const levels = (list: PolicySet['scp']): PolicySet['scp'] =>
    list.map((one, index) => (index === level || before !== undefined ? extend(one) : one))
  switch (type) {
    case 'identity':
      return { ...policies, identity: extend(policies.identity) }
    case 'resource':
    case 'trust':
      return { ...policies, resource: extend(policies.resource) }
    case 'boundary':
      return { ...policies, boundary: policies.boundary && extend(policies.boundary) }
    case 'session':
      return { ...policies, session: policies.session && extend(policies.session) }
    case 'scp':
      return { ...policies, scp: levels(policies.scp) }
    case 'rcp':
      return { ...policies, rcp: levels(policies.rcp) }
  }
}

/** Inline policies of two people may bear one name; only an ARN, or a place at the resource, says that two are one. */
function isSame(policy: CompiledPolicy, other: CompiledPolicy | undefined): boolean {
  if (other === undefined) return false
  if (policy === other) return true
  const { type, id } = policy.name
  const isNamed = id.startsWith('arn:') || type === 'resource' || type === 'trust' || type === 'rcp'
  return isNamed && type === other.name.type && id === other.name.id
}

/** A context in which one key has another value. */
export function overlaid(
  context: ContextValues,
  { key, value }: { readonly key: string; readonly value: string },
): ContextValues {
  const changed = key.toLowerCase()
  return { get: (asked) => (asked === changed ? value : context.get(asked)) }
}
