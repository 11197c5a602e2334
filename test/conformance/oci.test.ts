// What the distribution specification and the clients that people run expect of /v2, sentence by sentence.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openTestServer, type TestServer } from '../kit/server.ts'
import { accessChecks } from './access.ts'
import { blobChecks } from './blobs.ts'
import { openClient, type Check } from './client.ts'
import { clientChecks } from './clients.ts'
import { listChecks } from './lists.ts'
import { manifestChecks } from './manifests.ts'
import { referrerChecks } from './referrers.ts'
import { tokenChecks } from './tokens.ts'
import { uploadChecks } from './uploads.ts'

const tables: Readonly<Record<string, readonly Check[]>> = {
  access: accessChecks,
  tokens: tokenChecks,
  blobs: blobChecks,
  uploads: uploadChecks,
  manifests: manifestChecks,
  lists: listChecks,
  referrers: referrerChecks,
  clients: clientChecks,
}

let directory = ''
let server: TestServer | undefined

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pratique-test-'))
  server = await openTestServer(directory)
})

after(async () => {
  await server?.close()
  await rm(directory, { recursive: true, force: true })
})

for (const [table, checks] of Object.entries(tables)) {
  for (const [index, { sentence, run }] of checks.entries()) {
    test(`${table}: ${sentence}`, async () => {
      if (server === undefined) throw new Error('the server did not start')
      await run(await openClient(server, `conformance/${table}${index}`))
    })
  }
}
