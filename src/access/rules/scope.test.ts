import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  anyRepository,
  covers,
  formatScope,
  parseScope,
  parseScopes,
  scopeActions,
} from './scope.ts'

const app = { kind: 'repository', name: 'team/app' } as const

test('what is no scope of ours grants nothing', () => {
  const refused = [
    '',
    ':',
    '::',
    'repository',
    'repository:',
    'repository:team/app',
    'repository:team/app:',
    'repository::pull',
    'repository:team/app:,',
    'repository:team/app:read',
    'repository:team/app:PULL',
    'repository:team/app:pull push',
    'Repository:team/app:pull',
    'repository():team/app:pull',
    'repository(plugin:team/app:pull',
    'registry:catalog:pull',
    'registry:catalog:',
    'registry:*:*',
    'volume:team/app:pull',
    'repository:team/app:pull\n',
  ]
  for (const text of refused) assert.equal(parseScope(text), undefined, JSON.stringify(text))
})

test('actions that are known count, in one order, whatever stands between them', () => {
  const rows = [
    ['pull', ['pull']],
    ['push,pull', ['pull', 'push']],
    ['pull,pull,fly', ['pull']],
    ['*', ['pull', 'push', 'delete']],
    ['delete,', ['delete']],
  ] as const
  for (const [list, actions] of rows) {
    assert.deepEqual(parseScope(`repository:team/app:${list}`), { ...app, actions })
    assert.deepEqual(parseScope(`repository(image):team/app:${list}`), { ...app, actions })
  }
  assert.deepEqual(parseScope('registry:catalog:*'), { kind: 'catalog' })
})

test('a name may hold colons: the type ends at the first, the name at the last', () => {
  const scope = parseScope('repository:localhost:5000/app:pull')
  assert.deepEqual(scope, { kind: 'repository', name: 'localhost:5000/app', actions: ['pull'] })
})

test('scopes are parted by spaces and by repeating the parameter; bad ones do not spoil good ones', () => {
  const scopes = parseScopes([
    'repository:a/b:pull  x',
    '',
    'registry:catalog:* repository:c/d:push',
  ])
  const shown = scopes.map(formatScope)
  assert.deepEqual(shown, ['repository:a/b:pull', 'registry:catalog:*', 'repository:c/d:push'])
})

test('a scope that is read and written is the same scope', () => {
  const name = fc.stringMatching(/^[a-z0-9]{1,8}(?:[./_:-][a-z0-9]{1,8}){0,4}$/)
  const actions = fc.subarray([...scopeActions], { minLength: 1 })
  fc.assert(
    fc.property(name, actions, (written, asked) => {
      const scope = { kind: 'repository', name: written, actions: asked } as const
      assert.deepEqual(parseScope(formatScope(scope)), scope)
    }),
  )
})

test('no text makes the reader throw, and none gives an action that there is not', () => {
  const piece = fc.constantFrom(
    'repository',
    'registry',
    ':',
    ',',
    ' ',
    '*',
    'pull',
    '(',
    ')',
    'é',
    '\0',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(fc.array(text), (parameters) => {
      for (const scope of parseScopes(parameters)) {
        if (scope.kind === 'catalog') continue
        assert.ok(scope.name.length > 0 && scope.actions.length > 0)
        assert.ok(scope.actions.every((action) => scopeActions.includes(action)))
      }
    }),
  )
})

test('a token opens what it names and nothing beside', () => {
  const grants = [{ resource: 'one', actions: ['pull', 'push'] }] as const
  assert.ok(covers(grants, 'one', 'push'))
  for (const [resource, action] of [
    ['one', 'delete'],
    ['one', 'catalog'],
    ['one/more', 'pull'],
    ['two', 'pull'],
    [anyRepository, 'pull'],
  ] as const) {
    assert.ok(!covers(grants, resource, action), `${resource} ${action}`)
  }
  assert.ok(!covers([], 'one', 'pull'))
})

test('every repository is covered by what is asked for every repository; credentials limit nothing', () => {
  const grants = [{ resource: anyRepository, actions: ['pull'] }] as const
  assert.ok(covers(grants, 'one', 'pull'))
  assert.ok(!covers(grants, 'one', 'push'))
  assert.ok(!covers(grants, 'one', 'catalog'))
  assert.ok(covers(undefined, 'one', 'delete'))
})
