/* SPDX-License-Identifier: Apache-2.0 */
/* health_grpcpp.cc: grpc.health.v1 over mutual TLS, the ordinary way in grpc++: the
 * synchronous server and generated code. The baseline of the rpc figures.
 *
 *      health_grpcpp CA.pem SERVER.pem SERVER.key ADDRESS_FILE
 *
 * Serves until SIGTERM. Callers must show a certificate of the same authority; grpc++ looks at
 * nothing else in it, where the gateway also reads who they are. */
#include <grpcpp/grpcpp.h>
#include <health.grpc.pb.h>
#include <signal.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

namespace
{

class Service final : public grpc::health::v1::Health::Service
{
        grpc::Status Check(grpc::ServerContext *, const HealthCheckRequest *,
                HealthCheckResponse *response) override
        {
                response->set_status(HealthCheckResponse::SERVING);
                return grpc::Status::OK;
        }
};

std::string slurp(const char *path)
{
        std::ifstream file(path);
        std::stringstream text;

        text << file.rdbuf();
        return text.str();
}

} // namespace

int main(int argc, char **argv)
{
        sigset_t end;
        int port = 0, got = 0;
        Service service;

        if (argc != 5)
                return 2;
        sigemptyset(&end);
        sigaddset(&end, SIGTERM);
        sigprocmask(SIG_BLOCK, &end, nullptr);

        grpc::SslServerCredentialsOptions tls(
                GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
        tls.pem_root_certs = slurp(argv[1]);
        tls.pem_key_cert_pairs.push_back({slurp(argv[3]), slurp(argv[2])});
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port);
        builder.RegisterService(&service);
        std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
        if (!server || port == 0)
                return 1;
        std::ofstream(argv[4]) << "127.0.0.1:" << port << std::endl;
        sigwait(&end, &got);
        server->Shutdown();
        return 0;
}
