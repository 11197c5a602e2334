import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contextOf } from '../../policy/context-values.ts'
import { knownContext, type KnownKind } from './known-context.ts'

/** IAM User Guide, "AWS global condition context keys": what of each is the same in every request that it could make. */
const cases: readonly (readonly [key: string, free: readonly KnownKind[]])[] = [
  // What only the one request has.
  ['aws:sourceip', ['root', 'user', 'role', 'session', 'nobody']],
  ['aws:securetransport', ['root', 'user', 'role', 'session', 'nobody']],
  ['aws:currenttime', ['root', 'user', 'role', 'session', 'nobody']],
  ['aws:requesttag/team', ['root', 'user', 'role', 'session', 'nobody']],
  ['pratique:tag', ['root', 'user', 'role', 'session', 'nobody']],
  // Whether it is of a session that was made for a token differs with users, too.
  ['aws:tokenissuetime', ['root', 'user', 'role', 'session', 'nobody']],
  ['aws:multifactorauthpresent', ['root', 'user', 'role', 'session', 'nobody']],
  // What a session brings, and a user never has.
  ['aws:principaltag/team', ['role', 'session', 'nobody']],
  ['aws:sourceidentity', ['role', 'session', 'nobody']],
  ['aws:federatedprovider', ['role', 'session', 'nobody']],
  // A session's name is part of it.
  ['aws:userid', ['role', 'nobody']],
  ['aws:principalarn', ['nobody']],
  ['aws:principalaccount', ['nobody']],
  ['aws:username', ['nobody']],
  ['aws:resourceaccount', []],
  ['aws:requestedregion', []],
  ['aws:resourcetag/team', []],
  ['ecr:resourcetag/team', []],
]

const kinds: readonly KnownKind[] = ['root', 'user', 'role', 'session', 'nobody']

for (const [key, free] of cases) {
  test(`${key} is free for ${free.length === 0 ? 'nobody at all' : free.join(', ')}`, () => {
    const context = contextOf({ [key]: 'x' })
    for (const kind of kinds) {
      const known = knownContext(context, kind, new Set())
      assert.equal(known.isFree(key), free.includes(kind), kind)
      assert.equal(knownContext(context, kind, new Set([key])).isFree(key), false, kind)
      assert.equal(known.get(key), 'x')
    }
  })
}
