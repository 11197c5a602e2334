// What an ID token says of a session is in the record of the session, whether it was made or refused.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { insertOidcProvider } from '../../src/access/oidc-provider-store.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { dataPaths } from '../../src/storage/data-directory.ts'
import { openSqlite } from '../../src/storage/database/sqlite.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { makeIssuer } from '../kit/id-tokens.ts'
import { identitiesIn } from '../kit/identities.ts'
import { accountOf } from '../kit/principals.ts'
import { openTestServer } from '../kit/server.ts'

const account = accountOf('123456789012')
const issuer = 'issuer.example'

interface AuditedSession {
  readonly errorCode?: string
  readonly requestParameters: unknown
}

function trust(actions: readonly string[]): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${issuer}` },
      Action: actions,
      Condition: { StringEquals: { [`${issuer}:sub`]: 'build' } },
    },
  })
}

test('the record of AssumeRoleWithWebIdentity tells the tags that the token brought', async (t) => {
  const directory = await temporaryDirectory(t)
  const server = await openTestServer(directory)
  const paths = dataPaths(directory)
  const database = openSqlite(paths.database)
  let isOpen = true
  const close = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await database.close()
    await server.close()
  }
  t.after(close)
  const signer = await makeIssuer('k1')
  const identities = identitiesIn(database)
  await identities.addRole(account, 'AROACI', 'ci')
  const putTrust = (...actions: readonly string[]) =>
    identities.change((tx) =>
      tx.run(`UPDATE roles SET trust_document = $1 WHERE id = 'AROACI'`, [trust(actions)]),
    )
  await identities.change((tx) =>
    insertOidcProvider(tx, {
      account,
      issuer,
      clientIds: ['sts.amazonaws.com'],
      thumbprints: [],
      options: { jwks: { keys: [signer.jwk] } },
      createdAt: systemClock.now(),
    }),
  )
  const now = Math.floor(systemClock.now().getTime() / 1000)
  const token = await signer.sign({
    iss: `https://${issuer}`,
    sub: 'build',
    aud: 'sts.amazonaws.com',
    iat: now,
    exp: now + 600,
    'https://aws.amazon.com/tags': {
      principal_tags: { team: 'blue' },
      transitive_tag_keys: ['team'],
    },
    'https://aws.amazon.com/source_identity': 'ada',
  })
  const enter = async (): Promise<number> => {
    const body = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: `arn:aws:iam::${account}:role/ci`,
      RoleSessionName: 'run-7',
      WebIdentityToken: token,
    })
    return (await fetch(server.url, { method: 'POST', body })).status
  }
  const action = 'sts:AssumeRoleWithWebIdentity'
  await putTrust(action)
  assert.equal(await enter(), 403)
  await putTrust(action, 'sts:TagSession', 'sts:SetSourceIdentity')
  assert.equal(await enter(), 200)

  // Closed, so that the record of a refused credential is on the disk too.
  await close()
  const records: AuditedSession[] = []
  for (const name of await readdir(paths.audit)) {
    const text = await readFile(join(paths.audit, name), 'utf8')
    assert.ok(!text.includes(token), 'the token itself is not kept')
    for (const line of text.split('\n').filter((one) => one.includes('AssumeRoleWithWebIdentity')))
      records.push(JSON.parse(line) as AuditedSession)
  }
  assert.deepEqual(
    records.map(({ errorCode }) => errorCode),
    ['AccessDenied', undefined],
  )
  for (const { requestParameters } of records) {
    assert.deepEqual(requestParameters, {
      roleArn: `arn:aws:iam::${account}:role/ci`,
      roleSessionName: 'run-7',
      principalTags: { team: 'blue' },
      transitiveTagKeys: ['team'],
      sourceIdentity: 'ada',
    })
  }
})
