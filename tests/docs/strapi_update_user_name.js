module.exports = ({ env }) => ({
	// ...
	io: {
		enabled: true,
		config: {
			contentTypes: ['api::article.article'],
			events: [
				{
					name: 'update-user-name',
					handler: ({ strapi }, socket, name) => {
						strapi.log.info(`[io] trigger update for socket ${socket.id}.`);

						// update the respective users name.
						strapi.entityService.update('plugin::users-permissions.user', id, {
							data: {
								name,
							},
						});
					},
				},
			],
		},
	},
});
