import { FleetHttpClient } from '../../src/fleet/fleet-http-client.ts'
import { createAdminHandler } from '../../src/worker/admin.ts'
import { fleetContract } from '../contract/fleet.ts'

const token = 'a-token-that-nobody-guesses'

fleetContract('FleetClient', (simulated) => simulated.client)

fleetContract('FleetHttpClient through the admin handler', (simulated) => {
	const admin = createAdminHandler({ token, fleet: () => simulated.client })
	const fetch = async (request: Request) => (await admin(request, {})) ?? new Response('not ours', { status: 404 })
	return new FleetHttpClient({ url: 'https://app.example.com', token, fetch })
})
