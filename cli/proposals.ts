// What `policy explain` says of changes that would have a denied request allowed.
import { visible } from './output.ts'

/** Policies are named as in the explanation. */
export type Change =
  | {
      readonly kind: 'add-statement'
      readonly type: string
      /** Absent: in a policy of its own. */
      readonly policy?: string
      readonly level: number
      readonly account?: string
      readonly statement: unknown
    }
  | {
      readonly kind: 'edit-statement'
      readonly type: string
      readonly policy: string
      readonly index: number
      readonly sid?: string
      /** Which element, or which condition's key. */
      readonly part: string
      readonly account?: string
      readonly statement: unknown
    }
  | {
      readonly kind: 'meet-condition'
      readonly policy: string
      readonly index: number
      readonly sid?: string
      readonly key: string
      readonly value: string
    }
  | { readonly kind: 'use-principal'; readonly names: readonly string[] }
  | { readonly kind: 'ask-account'; readonly type: string; readonly account?: string }

export interface Proposal {
  readonly changes: readonly Change[]
  readonly opens: readonly string[]
  readonly alsoAllows: readonly string[]
}

/** One proposal after the other, the least first. */
export function renderProposals(proposals: readonly Proposal[], isCut: boolean): readonly string[] {
  if (proposals.length === 0) return []
  const lines = proposals.flatMap(({ changes, opens, alsoAllows }, place) => {
    const [first = '', ...others] = changes.map(changeText)
    return [
      `  ${place + 1}. ${first}`,
      ...others.map((text) => `     and ${text}`),
      ...(opens.length === 0 ? [] : [`     lets in besides: ${opens.join(', ')}`]),
      ...(alsoAllows.length === 0 ? [] : [`     allows besides: ${alsoAllows.join(', ')}`]),
    ]
  })
  const cut = isCut ? ['  not all principals were looked at for whom else a change lets in'] : []
  return ['any of these would have it allowed, the least first:', ...lines, ...cut].map(visible)
}

function changeText(change: Change): string {
  switch (change.kind) {
    case 'add-statement': {
      const { type, policy, level, account, statement } = change
      const isRail = type === 'scp' || type === 'rcp'
      const place = policy ?? `a new ${type} policy${isRail ? ` of level ${level}` : ''}`
      return `add to ${place}${ofAccount(account)}: ${JSON.stringify(statement)}`
    }
    case 'edit-statement': {
      const { part, account, statement } = change
      return `change ${part} in ${placeOf(change)}${ofAccount(account)}: ${JSON.stringify(statement)}`
    }
    case 'meet-condition':
      return `have ${change.key} be ${change.value}, as ${placeOf(change)} wants`
    case 'use-principal':
      return `let one of these do it, who may: ${change.names.join(', ')}`
    case 'ask-account':
      return `ask account ${change.account ?? ''}, whose ${change.type} policies are not shown`
  }
}

function placeOf(at: {
  readonly policy: string
  readonly index: number
  readonly sid?: string
}): string {
  return `${at.policy}, statement ${at.sid ?? at.index}`
}

function ofAccount(account: string | undefined): string {
  return account === undefined ? '' : ` of account ${account}`
}
