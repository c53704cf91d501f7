export default {
	fetch(): Response {
		return new Response('sqlake analytics tests')
	},
}
