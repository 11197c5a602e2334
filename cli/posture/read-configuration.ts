// The configuration of an image, by the ECR API alone: the same from Pratique and from AWS.
import { Readable } from 'node:stream'
import { GetDownloadUrlForLayerCommand } from '@aws-sdk/client-ecr'
import type { ConfigurationEvidence } from '../../src/posture/rules/evidence.ts'
import { isImageConfigType } from '../../src/posture/rules/choose-images.ts'
import {
  configurationIn,
  maxConfigurationBytes,
} from '../../src/posture/rules/image-configuration.ts'
import { exitCodes, Failure } from '../failure.ts'
import { fetchManifests } from '../fetch-manifests.ts'
import type { Target } from '../gate/findings.ts'
import type { Session } from '../session.ts'

const timeoutMs = 30_000

/** Undefined for what has none: an artifact that is no image. */
export async function readConfiguration(
  session: Session,
  { repository: repositoryName, digest, platform }: Target,
): Promise<ConfigurationEvidence | undefined> {
  const [image] = await fetchManifests(session, { repositoryName, digests: [digest] })
  const { config } = recordOf(JSON.parse(image?.imageManifest ?? '{}'))
  const { digest: layerDigest, mediaType } = recordOf(config)
  if (typeof layerDigest !== 'string' || !isImageConfigType(String(mediaType))) return undefined
  const command = new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest })
  const { downloadUrl = '' } = await session.ecr.send(command)
  return configurationIn(JSON.parse(await textAt(downloadUrl)), platform)
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
    if (bytes > maxConfigurationBytes)
      throw new Failure(
        exitCodes.error,
        `the configuration has more than ${maxConfigurationBytes} bytes`,
      )
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isRecord ? Object.fromEntries(Object.entries(value)) : {}
}
