import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowed, denied } from '../../../test/kit/authorizations.ts'
import type { Caller } from '../../access/caller.ts'
import { parseScopes } from '../../access/rules/scope.ts'
import { accountOf } from '../../../test/kit/principals.ts'
import { grantScopes, writeGrants } from './grant-scopes.ts'

const account = accountOf('123456789012')
const other = accountOf('210987654321')
const caller: Caller = {
  accountId: account,
  requester: {
    kind: 'user',
    account: account,
    id: 'AIDADEV',
    arn: 'arn:aws:iam::123456789012:user/dev',
  },
  principalArn: 'arn:aws:iam::123456789012:user/dev',
  principalId: 'AIDADEV',
  principalName: 'dev',
  accessKeyId: 'AKIADEV',
  method: 'access-key-basic',
  session: undefined,
  sourceAddress: '192.0.2.7',
  secureTransport: false,
}

interface Granted {
  readonly scope: string
  readonly resources: readonly string[]
}

/** Of what is asked for, what someone gets who has these rights: pairs of action and repository's ARN. */
async function ask(
  scopes: readonly string[],
  rights: readonly (readonly [action: string, resource: string])[],
  host?: string,
): Promise<Granted> {
  const granted = await grantScopes(
    {
      region: 'us-east-1',
      // Of no repository, and without a template.
      reader: {
        first: async () => Promise.resolve(undefined),
        all: async () => Promise.resolve([]),
      },
      authorizeAsMade: async () => Promise.resolve(denied('')),
      defaultAccount: account,
      isAccount: async (id) => Promise.resolve(id === account || id === other),
      authorize: async (_, { action, resources }) =>
        Promise.resolve(
          rights.some(([right, resource]) => right === action && resource === resources[0])
            ? allowed
            : denied(''),
        ),
    },
    caller,
    host,
    parseScopes(scopes),
  )
  const resources = granted.map(({ grant }) => grant.resource)
  return { scope: writeGrants(granted), resources }
}

const arn = `arn:aws:ecr:us-east-1:${account}:repository`
const foreign = `arn:aws:ecr:us-east-1:${other}:repository`

test('without any right nothing is granted, and nothing fails', async () => {
  const granted = await ask(['repository:a/b:pull,push,delete'], [])
  assert.deepEqual(granted, { scope: '', resources: [] })
})

test('the part of the scope that some right stands behind is granted', async () => {
  const scopes = ['repository:a/b:pull,push,delete', 'repository:c/d:pull', 'registry:catalog:*']
  const granted = await ask(scopes, [
    ['ecr:BatchGetImage', `${arn}/a/b`],
    ['ecr:PutImage', `${arn}/a/b`],
  ])
  assert.deepEqual(granted, {
    scope: 'repository:a/b:pull,push registry:catalog:*',
    resources: [`${arn}/a/b`, `${arn}/*`],
  })
})

test('a name means the repository that it means on the host of the service', async () => {
  const rights = [['ecr:BatchGetImage', `${foreign}/a/b`]] as const
  const bySegment = await ask([`repository:${other}/a/b:pull`], rights)
  assert.deepEqual(bySegment.resources, [`${foreign}/a/b`])
  const byHost = await ask(['repository:a/b:pull registry:catalog:*'], rights, `${other}.example`)
  assert.deepEqual(byHost.resources, [`${foreign}/a/b`, `${foreign}/*`])
  assert.deepEqual((await ask(['repository:a/b:pull'], rights)).resources, [])
})

test('a name that is none is left out; every repository can be had for pulling alone', async () => {
  const rights = [['ecr:BatchGetImage', `${arn}/a/b`]] as const
  const scopes = ['repository:A/B:pull repository:h:1/a:pull repository:*:* repository:a/b:pull']
  const granted = await ask(scopes, rights)
  assert.equal(granted.scope, 'repository:*:pull repository:a/b:pull')
})

test('the catalog is anybody’s to ask for, since what it lists is judged one by one', async () => {
  const granted = await ask(['registry:catalog:*'], [])
  assert.deepEqual(granted, { scope: 'registry:catalog:*', resources: [`${arn}/*`] })
})
