import { compare, type Print } from './compare.ts'
import { headLoad, isInstalled, pushSample, wrk } from './load.ts'
import type { RegistryUnderLoad } from './servers.ts'

const repository = 'bench/app'
const path = `/v2/${repository}/manifests/v1`
const load = { connections: 16, seconds: 5 }

/** GET and HEAD of one manifest by tag from 16 connections; before that, the first answer after a cold start. */
export async function benchManifest(print: Print): Promise<void> {
  if (!isInstalled('wrk')) {
    print('manifest needs wrk (Debian package wrk)')
    return
  }
  const prepare = async (target: RegistryUnderLoad): Promise<void> => {
    await pushSample(target, repository, 1024)
  }
  await compare(print, 3, prepare, async (target) => {
    const start = await target.restartCold()
    const first = await timeFirst(target)
    await wrk(target, path, { ...load, seconds: 2 })
    const get = await wrk(target, path, load)
    const head = await headLoad(target, path, load)
    return {
      'start on cold data, ms': start,
      'first GET after it, ms': first,
      'GET, requests/s': get.requestsPerSecond,
      'GET p99, ms': get.p99Ms,
      'HEAD, requests/s': head,
    }
  })
}

async function timeFirst(target: RegistryUnderLoad): Promise<number> {
  const headers = {
    accept: 'application/vnd.oci.image.manifest.v1+json',
    ...(target.authorization === undefined ? {} : { authorization: target.authorization }),
  }
  const started = performance.now()
  const answer = await fetch(target.url + path, { headers })
  await answer.arrayBuffer()
  if (answer.status !== 200) throw new Error(`the manifest answered ${answer.status}`)
  return performance.now() - started
}
