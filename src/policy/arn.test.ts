import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAccountId, type AccountId } from './account-id.ts'
import { formatArn, parseArn, repositoryArn, userArn } from './arn.ts'

function accountOf(text: string): AccountId {
  const account = parseAccountId(text)
  if (account === undefined) throw new Error(text)
  return account
}

const account = accountOf('123456789012')

test('refuses what is no ARN of the partition aws', () => {
  const refused = [
    '',
    '*',
    'arn',
    'arn:aws',
    'arn:aws:ecr:us-east-1:123456789012',
    'arn:aws:ecr:us-east-1:123456789012:',
    'arn:aws-cn:ecr:cn-north-1:123456789012:repository/a',
    'arn::ecr:us-east-1:123456789012:repository/a',
    'arn:aws::us-east-1:123456789012:repository/a',
    'arn:aws:ecr:us-east-1:1234:repository/a',
    'arn:aws:ecr:us-east-1:*:repository/a',
    'arn:aws:ecr:us-*:123456789012:repository/a',
    'arn:aws:ECR:us-east-1:123456789012:repository/a',
    'ARN:aws:ecr:us-east-1:123456789012:repository/a',
    ' arn:aws:ecr:us-east-1:123456789012:repository/a',
    'arn:aws:ecr:us-east-1:123456789012:repository/a\n',
    'arn:aws:ecr:us-east-1:123456789012:a\nb',
    `arn:aws:ecr:us-east-1:123456789012:${'a'.repeat(1025)}`,
  ]
  for (const text of refused) assert.equal(parseArn(text), undefined, JSON.stringify(text))
})

test('writes the ARNs of a repository and of a user, and reads them back', () => {
  const repository = repositoryArn('us-east-1', account, 'team/app')
  assert.equal(repository, 'arn:aws:ecr:us-east-1:123456789012:repository/team/app')
  assert.deepEqual(parseArn(repository), {
    service: 'ecr',
    region: 'us-east-1',
    account,
    resource: 'repository/team/app',
  })
  assert.equal(userArn(account, 'admin'), 'arn:aws:iam::123456789012:user/admin')
  assert.equal(parseArn('arn:aws:s3:::bucket')?.account, undefined)
})

test('parsing is the inverse of formatting; a resource may hold colons', () => {
  const parts = fc.record({
    service: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
    region: fc.stringMatching(/^[a-z0-9-]{0,20}$/),
    account: fc.option(fc.stringMatching(/^[0-9]{12}$/).map(accountOf), { nil: undefined }),
    resource: fc.stringMatching(/^[a-zA-Z0-9:/*?._-]{1,80}$/),
  })
  fc.assert(
    fc.property(parts, (arn) => {
      assert.deepEqual(parseArn(formatArn(arn)), { ...arn })
    }),
  )
})
