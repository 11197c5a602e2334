// Purpose:  hand the kubelet a password for the images of the registry, from the AWS credentials at hand.
// Spec:     Kubernetes, kubelet credential provider API v1: CredentialProviderRequest and CredentialProviderResponse.
// Input:    one request as JSON on standard input.
// Deviates: nothing.
// Unknowns: an image of another registry → an answer without credentials, so that others are asked; another version → exit 1.
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import { exitCodes, Failure } from '../failure.ts'
import { say } from '../output.ts'
import { parseImageReference } from '../reference.ts'
import { passwordForHost, renewBeforeMs } from '../registry-password.ts'

const apiVersion = 'credentialprovider.kubelet.k8s.io/v1'
/** A request holds a name and maybe a token of a service account. */
const maxRequestLength = 100_000

export function kubeletCredentialProviderCommand(program: Command): void {
  program
    .command('kubelet-credential-provider')
    .description("Answer the kubelet's request for credentials of an image.")
    .addHelpText(
      'after',
      '\nExample (CredentialProviderConfig of the kubelet):\n  providers:\n    - name: pratique\n      apiVersion: credentialprovider.kubelet.k8s.io/v1\n      matchImages: ["registry.example.org"]\n      defaultCacheDuration: 1h\n      args: [kubelet-credential-provider]\n      env: [{name: AWS_ENDPOINT_URL, value: "https://registry.example.org"}]\n\nExit codes: 0 answered, 1 failed, 2 not a request of this version.',
    )
    .action(async () => {
      const host = hostOfRequest(await text(process.stdin))
      const found = host === undefined ? undefined : await passwordForHost(host)
      const response = { apiVersion, kind: 'CredentialProviderResponse', cacheKeyType: 'Registry' }
      if (host === undefined || found === undefined) {
        say(JSON.stringify({ ...response, cacheDuration: '0s', auth: {} }))
        return
      }
      const { password, expiresAt } = found
      const goodMs = expiresAt.getTime() - renewBeforeMs - new Date().getTime()
      const cacheDuration = `${Math.max(0, Math.floor(goodMs / 1000))}s`
      const auth = { [host]: { username: 'AWS', password } }
      say(JSON.stringify({ ...response, cacheDuration, auth }))
    })
}

/** Undefined for an image of the default registry of the machine. */
function hostOfRequest(request: string): string | undefined {
  const { version, kind, image } = readRequest(request)
  if (version !== apiVersion || kind !== 'CredentialProviderRequest') {
    const found = JSON.stringify(`${String(version)} ${String(kind)}`.slice(0, 200))
    const message = `the request is no CredentialProviderRequest of ${apiVersion}: ${found}`
    throw new Failure(exitCodes.usage, message, 'name this apiVersion in CredentialProviderConfig')
  }
  const reference = typeof image === 'string' ? parseImageReference(image) : undefined
  if (reference === undefined) {
    const shown = JSON.stringify(image ?? '').slice(0, 300)
    throw new Failure(exitCodes.usage, `image ${shown} of the request is no reference to an image`)
  }
  return reference.host
}

function readRequest(request: string): {
  readonly version: unknown
  readonly kind: unknown
  readonly image: unknown
} {
  if (request.length > maxRequestLength)
    throw new Failure(exitCodes.usage, `the request is longer than ${maxRequestLength} characters`)
  try {
    const parsed: unknown = JSON.parse(request)
    if (typeof parsed === 'object' && parsed !== null) {
      const members = new Map<string, unknown>(Object.entries(parsed))
      const [version, kind, image] = ['apiVersion', 'kind', 'image'].map((name) =>
        members.get(name),
      )
      return { version, kind, image }
    }
  } catch {
    // Said below.
  }
  throw new Failure(exitCodes.usage, 'the request on standard input is not a JSON object')
}
