import { createReadStream } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf, linesOf } from '../json.ts'
import { note, say } from '../output.ts'
import { callServer, openSession, type Session } from '../session.ts'
import { configOf } from '../settings.ts'

interface Datum {
  readonly key: string
  readonly fetchedAt: string
  readonly bytes: string
}

const path = '/pratique/v1/trust/revocation'

/** `pratique trust revocation export|import|add`. */
export function addRevocationCommands(trust: Command): void {
  const command = trust
    .command('revocation')
    .description('What authorities said of revoked certificates, for a network that reaches none.')
  command
    .command('export')
    .argument('<file>', 'where it is written, a line for each answer')
    .description('Write everything that this registry was told and keeps.')
    .addHelpText(
      'after',
      '\nExample:\n  pratique trust revocation export revocation.ndjson\n\nExit codes: 0 written, 1 failed, 4 not allowed.',
    )
    .action(exportTo)
  command
    .command('import')
    .argument('<file>', 'as export writes it')
    .description('Take what is newer than what is kept. Its authorities have signed it.')
    .addHelpText(
      'after',
      '\nExample:\n  pratique trust revocation import revocation.ndjson\n\nExit codes: 0 taken or known, 1 refused by the server, 2 nonsense, 4 not allowed.',
    )
    .action(importFrom)
  command
    .command('add')
    .argument('<url>', 'http address that certificates name for their list')
    .argument('<file>', 'the list, DER or PEM')
    .description('Take one list of revoked certificates from a file.')
    .addHelpText(
      'after',
      '\nExample:\n  pratique trust revocation add http://crl.acme.example/ca.crl ca.crl\n\nExit codes: 0 taken or known, 1 refused by the server, 4 not allowed.',
    )
    .action(addList)
}

async function exportTo(file: string): Promise<void> {
  const answer = await callServer(openSession(configOf({})), 'GET', path)
  const out = await open(file, 'w')
  let count = 0
  try {
    for await (const datum of linesOf<Datum>(answer)) {
      await out.write(`${JSON.stringify(datum)}\n`)
      count += 1
    }
  } finally {
    await out.close()
  }
  say(`${count} answers of authorities in ${file}`)
}

async function importFrom(file: string): Promise<void> {
  const session = openSession(configOf({}))
  let [taken, known, line] = [0, 0, 0]
  for await (const text of createInterface({ input: createReadStream(file) })) {
    line += 1
    if (text.trim() === '') continue
    if (await put(session, datumIn(text, `${file}:${line}`))) taken += 1
    else known += 1
  }
  say(`${taken} taken, ${known} known already or older than what is kept`)
}

async function addList(url: string, file: string): Promise<void> {
  const bytes = derOf(await readFile(file)).toString('base64')
  const datum = { key: `crl ${url}`, fetchedAt: new Date().toISOString(), bytes }
  const isTaken = await put(openSession(configOf({})), datum)
  say(isTaken ? `the list of ${url} is taken` : `a newer list of ${url} is kept already`)
  if (isTaken) note('images whose signatures waited for it are judged anew within minutes')
}

async function put(session: Session, datum: Datum): Promise<boolean> {
  const stream = new Blob([JSON.stringify(datum)]).stream()
  const answer = await callServer(session, 'POST', path, { stream, type: 'application/json' })
  return (await jsonOf<{ readonly isTaken: boolean }>(answer)).isTaken
}

function datumIn(text: string, place: string): Datum {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server judges each member
    return JSON.parse(text) as Datum
  } catch {
    const remedy = 'give the file that pratique trust revocation export wrote'
    throw new Failure(exitCodes.usage, `${place} is no JSON`, remedy)
  }
}

function derOf(bytes: Buffer): Buffer {
  const pem = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/.exec(
    bytes.subarray(0, 16 * 1024 * 1024).toString('latin1'),
  )
  return pem?.[1] === undefined ? bytes : Buffer.from(pem[1], 'base64')
}
