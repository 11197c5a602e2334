import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgedRepository } from './finding-routes.ts'

test('policies are asked about the repository here, whatever region the caller writes', () => {
  for (const region of ['us-east-1', 'eu-west-1', 'nowhere-9']) {
    const resource = `arn:aws:ecr:${region}:123456789012:repository/team/app`
    assert.deepEqual(judgedRepository(new URLSearchParams({ resource }), { region: 'us-east-1' }), [
      'arn:aws:ecr:us-east-1:123456789012:repository/team/app',
    ])
  }
})

test('what names no repository is judged as everything', () => {
  for (const resource of ['', '*', 'arn:aws:iam::123456789012:user/x', 'arn:aws:ecr:::repository/'])
    assert.deepEqual(judgedRepository(new URLSearchParams({ resource }), { region: 'r' }), ['*'])
})
