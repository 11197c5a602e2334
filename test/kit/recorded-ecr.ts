// An ECR API that answers what was recorded, to the unmodified SDK.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { ECRClient } from '@aws-sdk/client-ecr'
import type { Session } from '../../cli/session.ts'

/** The body of an answer; one with `error` is a refusal of that name. */
export type RecordedAnswer = Readonly<Record<string, unknown>>

export interface RecordedEcr {
  readonly session: Session
  /** Operations that were asked for, in order. */
  readonly asked: readonly string[]
}

/** `answer` is given the operation's name, its input and how often it was asked for before. */
export async function recordedEcr(
  t: TestContext,
  answer: (
    operation: string,
    input: Readonly<Record<string, unknown>>,
    before: number,
  ) => RecordedAnswer,
): Promise<RecordedEcr> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? ''
      const before = asked.filter((name) => name === operation).length
      asked.push(operation)
      const input = JSON.parse(Buffer.concat(pieces).toString()) as RecordedAnswer
      const body = answer(operation, input, before)
      const { error } = body
      response.statusCode = error === undefined ? 200 : 400
      response.setHeader('content-type', 'application/x-amz-json-1.1')
      const refused = { __type: error, message: `${String(error)}, as recorded` }
      response.end(JSON.stringify(error === undefined ? body : refused))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it listens on a port
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x'.repeat(40) }
  const ecr = new ECRClient({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 })
  t.after(() => {
    ecr.destroy()
    server.closeAllConnections()
    server.close()
  })
  const mayPull = (): Promise<boolean> => Promise.resolve(true)
  return { session: { ecr, endpoint: undefined, name: 'AWS eu-west-1', mayPull }, asked }
}
