// An OpenID Connect provider on loopback, as GitHub's for its jobs.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { JWTPayload } from 'jose'
import { makeCertificate } from './certificate.ts'
import { temporaryDirectory } from './database.ts'
import { makeIssuer } from './id-tokens.ts'

export interface TestProvider {
  readonly url: string
  /** Where its certificate is. */
  readonly caFile: string
  readonly tokenFor: (change?: JWTPayload) => Promise<string>
}

/** The subject of a job on the main branch. */
export const mainBranch = 'repo:acme/app:ref:refs/heads/main'

/** As GitHub's: discovery, keys, tokens of a few minutes for jobs. */
export async function openProvider(t: TestContext): Promise<TestProvider> {
  const certificate = await makeCertificate(t, ['DNS:localhost'])
  const caFile = join(await temporaryDirectory(t), 'ca.pem')
  await writeFile(caFile, certificate.cert)
  const signer = await makeIssuer('key-1', 'RS256')
  const server = createServer(certificate, ({ url: path }, response) => {
    const discovery = { issuer: url, jwks_uri: `${url}/.well-known/jwks` }
    const isDiscovery = path === '/.well-known/openid-configuration'
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(isDiscovery ? discovery : { keys: [signer.jwk] }))
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  t.after(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening')
  const url = `https://localhost:${address.port}`
  return {
    url,
    caFile,
    tokenFor: async (change = {}) => {
      const now = Math.floor(performance.timeOrigin / 1000 + performance.now() / 1000)
      const payload = {
        iss: url,
        sub: mainBranch,
        aud: 'sts.amazonaws.com',
        iat: now,
        exp: now + 300,
      }
      return signer.sign({ ...payload, ...change })
    },
  }
}
