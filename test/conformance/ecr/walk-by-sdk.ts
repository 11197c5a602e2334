// Walks through the scenario with the unmodified SDK for JavaScript, each answer held against the SDK's own model as it came on the wire.
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import * as sdk from '@aws-sdk/client-ecr'
import type { ECRClient } from '@aws-sdk/client-ecr'
import { operationOfStep, type Step } from './scenario.ts'
import { filled, valueAt, type State } from './scenario-state.ts'
import { outputShape } from './sdk-model.ts'
import { faultsOfAnswer } from './validate-answer.ts'

export interface Walked {
  readonly operations: ReadonlySet<string>
  readonly answers: number
  readonly faults: readonly string[]
}

export async function walkBySdk(
  client: ECRClient,
  steps: readonly Step[],
  given: State,
): Promise<Walked> {
  const faults: string[] = []
  let answers = 0
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      const body = await bodyOf(result.response)
      answers += 1
      const operation = String(context.commandName).replace(/Command$/, '')
      const wire: unknown = JSON.parse(body)
      if (isErrorOf(result.response)) return result
      const found = faultsOfAnswer(outputShape(operation), wire)
      faults.push(...found.map((fault) => `${operation}: ${fault}`))
      return result
    },
    { step: 'deserialize', priority: 'low', name: 'readsTheWire' },
  )
  let state = given
  for (const step of steps) state = { ...state, ...(await walkStep(client, step, state)) }
  client.middlewareStack.remove('readsTheWire')
  const operations = new Set(steps.flatMap((step) => operationOfStep(step) ?? []))
  return { operations, answers, faults }
}

/** What is refused has a shape of its own; errors.test.ts is about it. */
function isErrorOf(response: unknown): boolean {
  return valueAt(response, 'statusCode') !== 200
}

/** The body of a response of the SDK, which gets it again. */
async function bodyOf(response: unknown): Promise<string> {
  assert.ok(typeof response === 'object' && response !== null && 'body' in response)
  const { body } = response
  assert.ok(body instanceof Readable)
  const pieces: Buffer[] = []
  for await (const piece of body as AsyncIterable<Buffer>) pieces.push(piece)
  const bytes = Buffer.concat(pieces)
  response.body = Readable.from([bytes])
  return bytes.toString()
}

async function walkStep(client: ECRClient, step: Step, state: State): Promise<State> {
  const input = filled(step.input, state)
  if ('wait' in step) {
    await waiterOf(step.wait)({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, input)
    return {}
  }
  if ('paginate' in step) {
    await walkPages(client, step, input)
    return {}
  }
  if ('refused' in step) {
    await assert.rejects(send(client, step.refused, input), { name: step.error })
    return {}
  }
  const output = await send(client, step.call, input)
  for (const [place, expected] of Object.entries(step.expect ?? {}))
    assert.deepEqual(valueAt(output, place), filled(expected, state), `${step.call}: ${place}`)
  return Object.fromEntries(
    Object.entries(step.keep ?? {}).map(([name, place]) => [name, String(valueAt(output, place))]),
  )
}

/** By the SDK's paginator; the model has none for some lists, which are then read token by token. */
async function walkPages(
  client: ECRClient,
  step: Extract<Step, { readonly paginate: string }>,
  input: unknown,
): Promise<void> {
  const seen: string[] = []
  for await (const page of pagesOf(client, step.paginate, input)) {
    const entries = valueAt(page, step.entries)
    assert.ok(Array.isArray(entries), `${step.paginate}: no ${step.entries}`)
    assert.ok(entries.length <= 1, `${step.paginate}: a page of one has ${entries.length}`)
    seen.push(...entries.map((entry) => JSON.stringify(entry)))
  }
  assert.ok(seen.length >= step.atLeast, `${step.paginate}: ${seen.length} entries`)
  assert.equal(new Set(seen).size, seen.length, `${step.paginate}: an entry was listed twice`)
}

async function* pagesOf(client: ECRClient, operation: string, input: unknown): AsyncGenerator {
  const paginate = exported.get(`paginate${operation}`)
  if (isFunction(paginate)) {
    yield* paginate({ client, pageSize: 1 }, input) as AsyncIterable<unknown>
    return
  }
  let nextToken: unknown
  do {
    const page = await send(client, operation, { ...Object(input), maxResults: 1, nextToken })
    yield page
    nextToken = valueAt(page, 'nextToken')
  } while (nextToken !== undefined)
}

const exported = new Map<string, unknown>(Object.entries(sdk))

export async function send(client: ECRClient, operation: string, input: unknown): Promise<unknown> {
  const Command = exported.get(`${operation}Command`)
  assert.ok(isConstructor(Command), operation)
  return client.send(new Command(input))
}

function waiterOf(name: string): (params: object, input: unknown) => Promise<unknown> {
  const wait = exported.get(`waitUntil${name}`)
  assert.ok(isFunction(wait), name)
  return async (params, input) => Promise.resolve(wait(params, input))
}

function isFunction(value: unknown): value is (...args: readonly unknown[]) => unknown {
  return typeof value === 'function'
}

function isConstructor(
  value: unknown,
): value is new (input: unknown) => Parameters<ECRClient['send']>[0] {
  return typeof value === 'function'
}
