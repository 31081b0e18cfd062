module.exports = ({ env }) => ({
	// ...
	io: {
		enabled: true,
		config: {
			contentTypes: ['api::article.article'],
			events: [
				{
					name: 'connection',
					handler: ({ strapi }, socket) => {
						// will log every time a client connects
						strapi.log.info(`[io] a new client with id ${socket.id} has connected`);
					},
				},
			],
		},
	},
});
