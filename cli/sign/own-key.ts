// A private key of one's own, and certificates beside it: read where the command runs, and sent nowhere.
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { exitCodes, Failure } from '../failure.ts'

export async function readPrivateKey(file: string): Promise<KeyObject> {
  const bytes = await fileAt(file)
  try {
    return createPrivateKey(bytes)
  } catch (error) {
    const why = error instanceof Error ? error.message : ''
    throw new Failure(
      exitCodes.usage,
      `${file} is no private key in PEM without a passphrase: ${why}`,
    )
  }
}

/** DER, in the order of the file. */
export async function readCertificates(file: string): Promise<readonly Uint8Array[]> {
  const pem = (await fileAt(file)).toString()
  const found = pem.matchAll(
    /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g,
  )
  const certificates = [...found].map(([, base64 = '']) => Buffer.from(base64, 'base64'))
  if (certificates.length > 0) return certificates
  throw new Failure(exitCodes.usage, `${file} has no certificate in PEM`)
}

export async function fileAt(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const why = error instanceof Error ? error.message : ''
    throw new Failure(exitCodes.usage, `${path} cannot be read: ${why}`)
  }
}
