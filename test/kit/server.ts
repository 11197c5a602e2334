// The server inside the test's own process, with its data in a directory of the test's own.
import { readFile } from 'node:fs/promises'
import { CreateRepositoryCommand, ECRClient, type ImageTagMutability } from '@aws-sdk/client-ecr'
import { openApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import type { Drivers } from '../../src/foundation.ts'
import { createLog } from '../../src/lib/log.ts'

export interface TestServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** The administrator's, as a header of `/v2`. */
  readonly authorization: string
  readonly ecr: ECRClient
  createRepository(name: string, mutability?: ImageTagMutability): Promise<void>
  close(): Promise<void>
}

/** Starts a server on a free port; its caller closes it. */
export async function openTestServer(
  directory: string,
  options: {
    readonly drivers?: Drivers
    readonly environment?: Readonly<Record<string, string>>
  } = {},
): Promise<TestServer> {
  const flags = { data: directory, listen: '127.0.0.1:0', log: 'silent' }
  const environment = { PRATIQUE_FEED_EVERY_MINUTES: '0', ...options.environment }
  const read = readConfig({ flags, environment, cwd: directory })
  if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
  const app = await openApp(read.config, createLog('silent'), options.drivers)
  const keys = await readKeys(app.paths.credentials)
  const ecr = new ECRClient({ endpoint: app.url, region: read.config.region, credentials: keys })
  const basic = Buffer.from(`${keys.accessKeyId}:${keys.secretAccessKey}`).toString('base64')
  return {
    url: app.url,
    authorization: `Basic ${basic}`,
    ecr,
    async createRepository(repositoryName, imageTagMutability = 'IMMUTABLE') {
      await ecr.send(new CreateRepositoryCommand({ repositoryName, imageTagMutability }))
    },
    async close() {
      ecr.destroy()
      await app.close()
    },
  }
}

async function readKeys(
  file: string,
): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string }> {
  const content = await readFile(file, 'utf8')
  const value = (key: string): string => new RegExp(`^${key} = (.+)$`, 'm').exec(content)?.[1] ?? ''
  return {
    accessKeyId: value('aws_access_key_id'),
    secretAccessKey: value('aws_secret_access_key'),
  }
}
