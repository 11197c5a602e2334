import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contextKeys, findContextKey } from './context-keys.ts'

test('a key is found in any case, and one of a tag by its prefix', () => {
  assert.equal(findContextKey('AWS:PRINCIPALARN')?.name, 'aws:PrincipalArn')
  assert.equal(findContextKey('aws:principaltag/Team/x')?.name, 'aws:PrincipalTag/')
  for (const { name } of contextKeys) {
    assert.equal(findContextKey(name.endsWith('/') ? `${name}a` : name)?.name, name)
  }
})

test('no other key is known, nor a tag without a name', () => {
  const unknown = [
    '',
    'aws:',
    'aws:PrincipalTag/',
    'aws:PrincipalTag',
    'aws:PrincipalArn/x',
    'aws:Nothing',
    '__proto__',
    'token.actions.githubusercontent.com:sub',
    'gitlab.example.com/ci:sub',
  ]
  for (const key of unknown) assert.equal(findContextKey(key), undefined, key)
})

test('every key has its service in front, and no two are the same', () => {
  const names = contextKeys.map(({ name }) => name.toLowerCase())
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(name, /^(?:aws|ecr|iam|sts|signer|pratique):[a-z]+\/?$/)
})
