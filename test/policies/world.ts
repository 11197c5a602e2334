// A server with two accounts, whose identities a test makes as it likes, and callers for both of its doors.
import { readFile } from 'node:fs/promises'
import type { TestContext } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  CreateRepositoryCommand,
  ECRClient,
  ECRServiceException,
  GetAuthorizationTokenCommand,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr'
import { issueSession } from '../../src/access/issue-session.ts'
import { deriveKey } from '../../src/access/rules/seal.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { systemIds } from '../../src/lib/ids.ts'
import { mediaTypes } from '../../src/oci/media-type.ts'
import type { AccountId } from '../../src/policy/account-id.ts'
import { dataPaths } from '../../src/storage/data-directory.ts'
import type { EmbeddedDatabase } from '../../src/storage/database/database.ts'
import { openSqlite } from '../../src/storage/database/sqlite.ts'
import { exchange, indexOf, type Answer, type Sent } from '../conformance/client.ts'
import { temporaryDirectory } from '../kit/database.ts'
import { giveKey, identitiesIn, type Identities } from '../kit/identities.ts'
import { accountOf } from '../kit/principals.ts'
import { openTestServer, type TestServer } from '../kit/server.ts'
import { plainSession } from '../kit/sessions.ts'

export const own = accountOf('123456789012')
export const other = accountOf('999988887777')

/** Everything that it takes to ask for a password of /v2. */
export const signIn = { Effect: 'Allow', Action: 'ecr:GetAuthorizationToken', Resource: '*' }

interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface Caller {
  readonly api: ECRClient
  readonly credentials: Credentials
  /** The credentials of /v2. */
  readonly headers: Readonly<Record<string, string>>
  /** Of /v2, with the caller's credentials. */
  send(method: string, path: string, sent?: Sent): Promise<Answer>
}

export interface World extends Identities {
  readonly server: TestServer
  readonly admin: Caller
  readonly nobody: Caller
  /** The account's root user, with a key. */
  root(account: AccountId): Promise<Caller>
  user(account: AccountId, id: string): Promise<Caller>
  /** A session `run` of the role; it signs in with an ECR token, so the role must be allowed to have one. */
  session(roleId: string, policies?: readonly string[]): Promise<Caller>
  createRepository(name: string, account?: AccountId): Promise<void>
  setPolicy(repositoryName: string, policy: object, force?: boolean): Promise<void>
}

export async function openWorld(
  t: TestContext,
  environment: Readonly<Record<string, string>> = {},
): Promise<World> {
  const directory = await temporaryDirectory(t)
  const server = await openTestServer(directory, { environment })
  const paths = dataPaths(directory)
  // What another process of the same machine commits is seen by the server.
  const opened = openSqlite(paths.database)
  const database: EmbeddedDatabase = {
    ...opened,
    // It sees them in its next turn, and what it began to look at may last over one.
    async transaction(work, options) {
      const done = await opened.transaction(work, options)
      for (let turns = 0; turns < 2; turns += 1) await nextTurn()
      return done
    },
  }
  t.after(async () => {
    await database.close()
    await server.close()
  })
  const masterKey = Buffer.from((await readFile(paths.masterKey, 'utf8')).trim(), 'base64')
  const identities = identitiesIn(database)
  await identities.addAccount(other)
  const callerWith = (credentials: Credentials, authorization: string | undefined): Caller => {
    const api = new ECRClient({
      endpoint: server.url,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials,
    })
    t.after(() => api.destroy())
    const headers: Readonly<Record<string, string>> =
      authorization === undefined ? {} : { authorization }
    return {
      api,
      credentials,
      headers,
      send: (method, path, sent = {}) =>
        exchange(server.url, method, path, { ...sent, headers: { ...headers, ...sent.headers } }),
    }
  }
  const withKey = async (userId: string): Promise<Caller> => {
    const id = `AKIA${Buffer.from(userId).toString('hex').toUpperCase().slice(-16).padStart(16, 'A')}`
    const secret = `secret-of-${userId}`
    await giveKey(database, deriveKey(masterKey, 'access-key'), { id, userId, secret })
    const basic = Buffer.from(`${id}:${secret}`).toString('base64')
    return callerWith({ accessKeyId: id, secretAccessKey: secret }, `Basic ${basic}`)
  }
  return {
    ...identities,
    server,
    admin: callerWith(await server.ecr.config.credentials(), server.authorization),
    nobody: callerWith({ accessKeyId: 'x', secretAccessKey: 'y' }, undefined),
    async root(account) {
      await identities.change((tx) =>
        tx.run(
          `INSERT INTO users (id, account, kind, name, name_key, created_at) VALUES ($1, $1, 'root', 'root', ':root', 1)`,
          [account],
        ),
      )
      return withKey(account)
    },
    async user(account, id) {
      await identities.addUser(account, id, id.toLowerCase())
      return withKey(id)
    },
    async session(roleId, policies = []) {
      const deps = { database, clock: systemClock, ids: systemIds }
      const credentials = await issueSession(
        { ...deps, sessionKey: deriveKey(masterKey, 'session') },
        {
          ...plainSession,
          policies,
          owner: { kind: 'role', id: roleId, sessionName: 'run' },
          durationSeconds: 3600,
        },
      )
      const { api } = callerWith(credentials, undefined)
      const answer = await api.send(new GetAuthorizationTokenCommand({}))
      const token = answer.authorizationData?.[0]?.authorizationToken ?? ''
      return callerWith(credentials, `Basic ${token}`)
    },
    async createRepository(repositoryName, account = own) {
      if (account === own) {
        await server.ecr.send(
          new CreateRepositoryCommand({ repositoryName, imageTagMutability: 'MUTABLE' }),
        )
        return
      }
      await identities.change((tx) =>
        tx.run(
          `INSERT INTO repositories (account, name, tag_mutability, scan_on_push, created_at) VALUES ($1, $2, 'MUTABLE', 0, 1)`,
          [account, repositoryName],
        ),
      )
    },
    async setPolicy(repositoryName, policy, force = false) {
      const policyText = JSON.stringify(policy)
      await server.ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText, force }))
    },
  }
}

/** An empty index is a manifest that needs nothing to be there. */
export async function putManifest(
  caller: Caller,
  repository: string,
  tag: string,
): Promise<Answer> {
  const body = Buffer.from(JSON.stringify(indexOf([])))
  const headers = { 'content-type': mediaTypes.ociIndex }
  return caller.send('PUT', `/v2/${repository}/manifests/${tag}`, { headers, body })
}

/** What an API call came to: `allowed`, or the exception's name with its sentence. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'allowed'
  } catch (error) {
    if (!(error instanceof ECRServiceException)) throw error
    return `${error.name}: ${error.message}`
  }
}
