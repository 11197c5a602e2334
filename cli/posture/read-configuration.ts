// The configuration of an image, by the ECR API alone: the same from Pratique and from AWS.
import { Readable } from 'node:stream'
import { GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr'
import type { ConfigurationEvidence } from '../../src/posture/rules/evidence.ts'
import { secretsIn } from '../../src/posture/rules/secrets.ts'
import { exitCodes, Failure } from '../failure.ts'
import { fetchManifests } from '../fetch-manifests.ts'
import type { Target } from '../gate/findings.ts'
import type { Session } from '../session.ts'

const maxConfigBytes = 8 * 1024 * 1024
const timeoutMs = 30_000
const maxTexts = 2000

/** Undefined for what has none: an artifact that is no image. */
export async function readConfiguration(
  session: Session,
  { repository: repositoryName, digest, platform }: Target,
): Promise<ConfigurationEvidence | undefined> {
  const [image] = await fetchManifests(session, { repositoryName, digests: [digest] })
  const { config } = recordOf(JSON.parse(image?.imageManifest ?? '{}'))
  const { digest: layerDigest, mediaType } = recordOf(config)
  if (typeof layerDigest !== 'string' || !isImageConfig(mediaType)) return undefined
  const command = new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest })
  const { downloadUrl = '' } = await session.ecr.send(command)
  return configurationIn(JSON.parse(await textAt(downloadUrl)), platform)
}

function isImageConfig(mediaType: unknown): boolean {
  return typeof mediaType === 'string' && /container\.image\.v1|image\.config\.v1/.test(mediaType)
}

async function textAt(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok || response.body === null)
    throw new Failure(exitCodes.error, `the configuration was answered with ${response.status}`)
  const pieces: Uint8Array[] = []
  let bytes = 0
  const body: AsyncIterable<Uint8Array> = Readable.fromWeb(response.body)
  for await (const piece of body) {
    bytes += piece.byteLength
    if (bytes > maxConfigBytes)
      throw new Failure(exitCodes.error, `the configuration has more than ${maxConfigBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function configurationIn(document: unknown, platform: string | undefined): ConfigurationEvidence {
  const root = recordOf(document)
  const config = recordOf(root['config'])
  const { User: user } = config
  return {
    platform,
    os: typeof root['os'] === 'string' ? root['os'] : 'linux',
    user: typeof user === 'string' ? user.trim() : '',
    secrets: secretsIn({
      env: textsIn(config['Env']),
      labels: labelsIn(config['Labels']),
      command: [...textsIn(config['Entrypoint']), ...textsIn(config['Cmd'])],
      history: listOf(root['history']).flatMap((step) => textsIn([recordOf(step)['created_by']])),
    }),
  }
}

function labelsIn(value: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(recordOf(value)).slice(0, maxTexts)
  return Object.fromEntries(
    entries.flatMap(([name, text]) => (typeof text === 'string' ? [[name, text] as const] : [])),
  )
}

function textsIn(value: unknown): readonly string[] {
  return listOf(value).filter((text) => typeof text === 'string')
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, maxTexts) : []
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? Object.fromEntries(Object.entries(value)) : {}
}
