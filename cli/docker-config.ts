// Docker's client configuration, which skopeo, crane, oras and helm read too.
import { randomUUID } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { exitCodes, Failure } from './failure.ts'
import { readText } from './settings.ts'

type Json = Readonly<Record<string, unknown>>

/** Puts (or, without a password, removes) the login of one host; everything else in the file stays. */
export function writeLogin(file: string, host: string, password: string | undefined): void {
  const config = readConfigFile(file)
  const { credsStore, credHelpers } = config
  const helper = isRecord(credHelpers) ? credHelpers[host] : undefined
  const shadow = helper ?? credsStore
  if (password !== undefined && typeof shadow === 'string' && shadow !== '') {
    throw new Failure(
      exitCodes.error,
      `${file} sends logins to the credential helper "${shadow}", so a password in it would not be read`,
      `run: echo PASSWORD | docker login -u AWS --password-stdin ${host}, or set "credHelpers": {"${host}": "pratique"}`,
    )
  }
  const auths = { ...(isRecord(config['auths']) ? config['auths'] : {}) }
  if (password === undefined) Reflect.deleteProperty(auths, host)
  else auths[host] = { auth: Buffer.from(`AWS:${password}`).toString('base64') }
  writeAtomically(file, `${JSON.stringify({ ...config, auths }, undefined, 2)}\n`)
}

/** What one host is signed in with, as a Basic header has it; undefined where the file says nothing. */
export function readLogin(file: string, host: string): string | undefined {
  const { auths } = readConfigFile(file)
  const own = isRecord(auths) ? auths[host] : undefined
  const auth = isRecord(own) ? own['auth'] : undefined
  return typeof auth === 'string' && auth !== '' ? auth : undefined
}

function readConfigFile(file: string): Json {
  const text = readText(file)
  if (text === undefined || text.trim() === '') return {}
  try {
    const parsed: unknown = JSON.parse(text)
    if (isRecord(parsed)) return parsed
  } catch {
    // Said below: the file is not ours to overwrite.
  }
  throw new Failure(exitCodes.error, `${file} is not a JSON object`, 'mend it or move it away')
}

export function writeAtomically(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${randomUUID()}`
  writeFileSync(temporary, content, { mode: 0o600 })
  renameSync(temporary, file)
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
