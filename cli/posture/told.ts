// What a source tells, and what it does not: a refusal is no answer, and never the end of an audit.
import type { Told } from '../../src/posture/rules/evidence.ts'
import { explain, Failure } from '../failure.ts'
import { visible } from '../output.ts'

/** Names of errors by which a source says that there is no such thing. */
export interface TellOptions {
  readonly absent?: readonly string[]
}

/** `action` is the right that the call needs; where it is missing that is what is told. */
export async function tell<T>(action: string, work: () => Promise<T>): Promise<Told<T>> {
  try {
    return { kind: 'told', value: await work() }
  } catch (error) {
    return refusalOf(action, error)
  }
}

/** The same for what may not be there: undefined then. */
export async function tellIfThere<T>(
  action: string,
  work: () => Promise<T>,
  { absent = [] }: TellOptions,
): Promise<Told<T | undefined>> {
  try {
    return { kind: 'told', value: await work() }
  } catch (error) {
    if (absent.includes(nameOf(error))) return { kind: 'told', value: undefined }
    return refusalOf(action, error)
  }
}

const denials = ['AccessDeniedException', 'AccessDenied']

function refusalOf(action: string, error: unknown): Extract<Told<never>, { kind: 'unknown' }> {
  const name = nameOf(error)
  if (denials.includes(name)) return { kind: 'unknown', why: `not allowed: ${action}`, action }
  // Where nobody answers, or nobody is signed in, there is nothing to audit.
  const explained = explain(error, 'the registry')
  if (explained instanceof Failure && isEnd(name, explained)) throw explained
  if (!(explained instanceof Error)) throw explained
  // A fault of ours must not look like something that is not known.
  if (!(explained instanceof Failure) && !isRemote(error)) throw explained
  return { kind: 'unknown', why: `${action} failed: ${visible(explained.message).slice(0, 300)}` }
}

const signIns = [
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'CredentialsProviderError',
]

function isEnd(name: string, { message }: Failure): boolean {
  return signIns.includes(name) || message.startsWith('nothing answers')
}

/** The SDK's errors say what came over the wire; timeouts and broken bodies are errors of the network. */
function isRemote(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return '$metadata' in error || ['TimeoutError', 'AbortError', 'SyntaxError'].includes(error.name)
}

/** A failure is told with its cause, which has the name that the source gave. */
function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  const { cause } = error
  if (!(error instanceof Failure)) return error.name
  if (cause instanceof Error) return cause.name
  return error.exitCode === 4 ? 'AccessDeniedException' : ''
}
