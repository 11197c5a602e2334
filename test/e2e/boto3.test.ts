// Push and pull through the layer operations of the API, by an unmodified SDK.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../kit/run.ts'
import { startServer } from '../kit/server-process.ts'

const script = `
import boto3, hashlib, json, os, urllib.request
ecr = boto3.client('ecr')
ecr.create_repository(repositoryName='sdk/app')
def push(data):
    digest = 'sha256:' + hashlib.sha256(data).hexdigest()
    upload = ecr.initiate_layer_upload(repositoryName='sdk/app')
    size, start = upload['partSize'], 0
    while start < len(data):
        part = data[start:start + size]
        ecr.upload_layer_part(repositoryName='sdk/app', uploadId=upload['uploadId'],
            partFirstByte=start, partLastByte=start + len(part) - 1, layerPartBlob=part)
        start += len(part)
    done = ecr.complete_layer_upload(repositoryName='sdk/app', uploadId=upload['uploadId'], layerDigests=[digest])
    assert done['layerDigest'] == digest
    return digest
layer = os.urandom(12 * 1024 * 1024 + 17)
config = json.dumps({'architecture': 'amd64', 'os': 'linux', 'rootfs': {'type': 'layers', 'diff_ids': []}}).encode()
manifest = json.dumps({'schemaVersion': 2, 'mediaType': 'application/vnd.oci.image.manifest.v1+json',
    'config': {'mediaType': 'application/vnd.oci.image.config.v1+json', 'digest': push(config), 'size': len(config)},
    'layers': [{'mediaType': 'application/vnd.oci.image.layer.v1.tar', 'digest': push(layer), 'size': len(layer)}]})
put = ecr.put_image(repositoryName='sdk/app', imageManifest=manifest, imageTag='v1')
assert put['image']['imageId']['imageDigest'] == 'sha256:' + hashlib.sha256(manifest.encode()).hexdigest()
try:
    ecr.put_image(repositoryName='sdk/app', imageManifest=manifest, imageTag='v1')
    raise SystemExit('a second put of the same image was accepted')
except ecr.exceptions.ImageAlreadyExistsException: pass
try:
    ecr.put_image(repositoryName='sdk/app', imageManifest=manifest + ' ', imageTag='v1')
    raise SystemExit('an immutable tag moved')
except ecr.exceptions.ImageTagAlreadyExistsException: pass
try:
    push(layer)
    raise SystemExit('a layer that is there was accepted')
except ecr.exceptions.LayerAlreadyExistsException: pass
got = ecr.batch_get_image(repositoryName='sdk/app', imageIds=[{'imageTag': 'v1'}])
assert got['images'][0]['imageManifest'] == manifest
digest = json.loads(manifest)['layers'][0]['digest']
url = ecr.get_download_url_for_layer(repositoryName='sdk/app', layerDigest=digest)['downloadUrl']
assert urllib.request.urlopen(url).read() == layer
upload = ecr.initiate_layer_upload(repositoryName='sdk/app')
try:
    ecr.upload_layer_part(repositoryName='sdk/app', uploadId=upload['uploadId'], partFirstByte=5, partLastByte=6, layerPartBlob=b'ab')
    raise SystemExit('a part out of place was accepted')
except ecr.exceptions.InvalidLayerPartException as error:
    assert error.response['lastValidByteReceived'] == -1, error.response
names = [r['repositoryName'] for page in ecr.get_paginator('describe_repositories').paginate(PaginationConfig={'PageSize': 1}) for r in page['repositories']]
assert names == ['sdk/app'], names
print('ok')
`

const python = await run('python3', ['-c', 'import boto3']).then(
  ({ status }) => (status === 0 ? false : 'boto3 is not installed'),
  () => 'python3 is not installed',
)

test('boto3 pushes and pulls through the layer operations', { skip: python }, async (t) => {
  const server = await startServer(t)
  const result = await run('python3', ['-c', script], { env: server.environment })
  assert.equal(result.stdout, 'ok\n', result.stderr)
})
