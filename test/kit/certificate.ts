// Certificates of the test's own, for servers on loopback.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryDirectory } from './database.ts'
import { run } from './run.ts'

export interface Certificate {
  readonly key: string
  /** Its own authority too. */
  readonly cert: string
}

/** Of a server that is called by any of these names (`DNS:issuer.test`, `IP:127.0.0.1`); needs openssl. */
export async function makeCertificate(
  t: TestContext,
  names: readonly string[],
): Promise<Certificate> {
  const directory = await temporaryDirectory(t)
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${names.join(',')}`]
  const files = ['-keyout', key, '-out', cert, '-days', '2']
  const made = await run('openssl', ['req', ...kind, ...subject, ...files])
  if (made.status !== 0) throw new Error(made.stderr)
  return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
}
